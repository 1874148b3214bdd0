import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, redirect, retainSearchParams } from '@tanstack/react-router';
import { sessionQuery } from '../api/session.ts';
import type { PlainKey } from '../lib/text/catalogue.ts';

/** What the address carries, before a route has looked at it: names and texts, nothing else. */
export type SearchInput = Readonly<Record<string, unknown>>;

/** What every screen inside the shell shares. Defaults are left out of the address. */
export interface SharedSearch {
  app?: string | undefined;
  env?: string | undefined;
  /** A relative range such as `24h`; `from` and `to` are an absolute one. */
  range?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Only when it is not the viewer's own. */
  tz?: string | undefined;
}

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** The document's title, and what is announced on arrival. */
    title?: PlainKey;
    /** Screens that look at no events have no time range to choose. */
    timeless?: boolean;
    /** The right that the screen needs. */
    needs?: 'admin';
  }
}

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()();

interface Arriving {
  readonly context: { readonly queryClient: QueryClient };
  readonly location: { readonly href: string };
}

/** Who is not signed in is, and then arrives where they wanted to go. */
export async function requireSession({ context, location }: Arriving): Promise<void> {
  const session = await context.queryClient.ensureQueryData(sessionQuery);
  if (session.state === 'setup') throw redirect({ to: '/setup' });
  if (session.state === 'signed_out') {
    throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
  }
}

/**
 * Navigation and top bar around every screen of a signed-in member.
 */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  validateSearch: (search: SearchInput): SharedSearch =>
    withoutAbsent({
      app: searchText(search.app),
      env: searchText(search.env),
      range: searchText(search.range),
      from: searchText(search.from),
      to: searchText(search.to),
      tz: searchText(search.tz),
    }),
  beforeLoad: requireSession,
  search: { middlewares: [retainSearchParams(['app', 'env', 'range', 'from', 'to', 'tz'])] },
});

/** A parameter as text; empty is absent. */
export function searchText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A parameter that must be one of a list; anything else is the default and absent. */
export function searchChoice<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  return choices.find((choice) => choice === value);
}

type Defined<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

export function withoutAbsent<Values extends object>(values: Values): Defined<Values> {
  const kept: Defined<Values> = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) Object.assign(kept, { [key]: value });
  }
  return kept;
}
