import { useNavigate, useSearch } from '@tanstack/react-router';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { rangeFromSearch, rangeToSearch, resolveRange, type TimeRange } from '../lib/time/range.ts';
import { isZone, viewerZone } from '../lib/time/zone.ts';
import { shellRoute } from './routing.ts';

/** What every panel of a screen asks about: application, environment and time, from the address. */
export interface Scope {
  app: string | undefined;
  env: string | undefined;
  range: TimeRange;
  /** RFC 3339; a relative range as it was at the last refresh, so that all panels agree. */
  from: string;
  to: string;
  fromMs: number;
  toMs: number;
  timeZone: string;
  /** When the screen was last refreshed. */
  now: number;
}

interface Refresh {
  /** When the screen was last refreshed. */
  at: number;
  refresh: () => void;
}

const RefreshContext = createContext<Refresh>({ at: 0, refresh: () => {} });

export function RefreshProvider({ children }: { children: ReactNode }) {
  const [at, setAt] = useState(() => Date.now());
  const value = useMemo(() => ({ at, refresh: () => setAt(Date.now()) }), [at]);
  return <RefreshContext value={value}>{children}</RefreshContext>;
}

export function useRefresh(): Refresh {
  return useContext(RefreshContext);
}

export function useScope(): Scope {
  const search = useSearch({ from: shellRoute.id });
  const { at } = useRefresh();
  const { app, env, range: text, from: fromText, to: toText, tz } = search;
  return useMemo(() => {
    const timeZone = tz !== undefined && isZone(tz) ? tz : viewerZone();
    const range = rangeFromSearch({ range: text, from: fromText, to: toText });
    const { from, to } = resolveRange(range, at, timeZone);
    return {
      app,
      env,
      range,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      fromMs: from,
      toMs: to,
      timeZone,
      now: at,
    };
  }, [app, env, text, fromText, toText, tz, at]);
}

export interface ScopeChange {
  app?: string | undefined;
  env?: string | undefined;
  range?: TimeRange;
}

/** Changes application, environment or time on the screen one is on. What is not named stays. */
export function useSetScope(): (change: ScopeChange) => void {
  const navigate = useNavigate();
  return useCallback(
    (change) => {
      const { range, ...rest } = change;
      const time = range === undefined ? {} : rangeToSearch(range);
      // Another scope has other rows: a snapshot, a cursor or an open row of the old one would be wrong.
      const reset = { snap: undefined, open: undefined };
      void navigate({ to: '.', search: (search: object) => ({ ...search, ...rest, ...time, ...reset }) });
    },
    [navigate],
  );
}
