import { createContext, useContext, useMemo } from 'react';
import {
  formatChange,
  formatCount,
  formatCountShort,
  formatDuration,
  formatNumber,
  formatShare,
  formatSize,
  type Unit,
} from '../lib/format.ts';
import { formatAgo, formatClock, formatTime, type Precision, parseTime, type TimeContext } from '../lib/time/format.ts';
import { viewerZone } from '../lib/time/zone.ts';
import { useLanguage } from './language.tsx';
import { useRefresh } from './scope.tsx';

const ZoneContext = createContext<string>(viewerZone());

/** The zone that times are shown in. */
export const ZoneProvider = ZoneContext.Provider;

export function useTimeContext(): TimeContext {
  const language = useLanguage();
  const timeZone = useContext(ZoneContext);
  const { at } = useRefresh();
  return useMemo(() => ({ language, timeZone, now: at === 0 ? Date.now() : at }), [language, timeZone, at]);
}

/** The formatters of `lib`, in the viewer's language and zone. Times are RFC 3339 as the server sends them. */
export function useFormat() {
  const context = useTimeContext();
  return useMemo(() => {
    const { language } = context;
    return {
      count: formatCount,
      countShort: (value: number) => formatCountShort(value, language),
      duration: (ns: number) => formatDuration(ns, language),
      size: formatSize,
      share: (share: number) => formatShare(share, language),
      number: (value: number, unit: string | undefined) => formatNumber(value, unit, language),
      change: (value: number, previous: number, unit: Unit) => formatChange(value, previous, unit, language),
      time: (rfc3339: string, precision?: Precision) => formatTime(parseTime(rfc3339), context, precision),
      clock: (rfc3339: string, precision?: Precision) => formatClock(parseTime(rfc3339), context, precision),
      ago: (rfc3339: string, now: number = Date.now()) => formatAgo(parseTime(rfc3339), now, language),
    };
  }, [context]);
}
