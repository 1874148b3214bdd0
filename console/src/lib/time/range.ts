/**
 * Time ranges: relative ones (`24h`, `today`) stay relative in the URL, so that a link shows "the last day" to whoever
 * opens it; absolute ones are instants. Everything is resolved in the viewer's zone: a day begins at its own midnight.
 */
import type { Language } from '../text/message.ts';
import { formatRange, type TimeContext } from './format.ts';
import { parseSpan, parseWhole } from './typed.ts';
import { addDays, instantOf, startOfDay, wallOf } from './zone.ts';

export interface Period {
  /** Inclusive, ms. */
  readonly from: number;
  /** Exclusive, ms. */
  readonly to: number;
}

export type TimeRange =
  | { readonly kind: 'relative'; readonly text: string }
  | { readonly kind: 'absolute'; readonly from: number; readonly to: number };

export const DEFAULT_RANGE: TimeRange = { kind: 'relative', text: '24h' };

/** In the order of the keys `t` 1 … 9. */
export const RANGE_PRESETS = ['15m', '1h', '4h', '24h', '7d', '14d', '30d', 'today', 'yesterday'] as const;

const SPAN = /^([1-9]\d{0,4})(m|h|d|w|mo)$/;

export function isRelativeRange(text: string): boolean {
  return text === 'today' || text === 'yesterday' || SPAN.test(text);
}

/** The instants a range means now. */
export function resolveRange(range: TimeRange, now: number, zone: string): Period {
  if (range.kind === 'absolute') return { from: range.from, to: range.to };
  const today = startOfDay(now, zone);
  if (range.text === 'today') return { from: today, to: Math.max(now, today + 1) };
  if (range.text === 'yesterday') return { from: addDays(today, -1, zone), to: today };
  const [, digits, unit] = SPAN.exec(range.text) ?? ['', '24', 'h'];
  const amount = Number(digits);
  return { from: back(now, amount, unit ?? 'h', zone), to: now };
}

/** Days, weeks and months keep the wall clock, so "last 7 days" begins at the same hour over a change of time. */
function back(now: number, amount: number, unit: string, zone: string): number {
  switch (unit) {
    case 'm':
      return now - amount * 60_000;
    case 'h':
      return now - amount * 3_600_000;
    case 'w':
      return addDays(now, -7 * amount, zone);
    case 'mo': {
      const wall = wallOf(now, zone);
      return instantOf({ ...wall, month: wall.month - amount }, zone);
    }
    default:
      return addDays(now, -amount, zone);
  }
}

export interface RangeSearch {
  readonly range?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** From URL parameters; what cannot be read falls back to the default range. */
export function rangeFromSearch(search: RangeSearch): TimeRange {
  const from = Date.parse(search.from ?? '');
  const to = Date.parse(search.to ?? '');
  if (from < to) return { kind: 'absolute', from, to };
  if (search.range !== undefined && isRelativeRange(search.range)) return { kind: 'relative', text: search.range };
  return DEFAULT_RANGE;
}

/** To URL parameters, the default left out. */
export function rangeToSearch(range: TimeRange): RangeSearch {
  if (range.kind === 'absolute') {
    const text = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
    return { range: undefined, from: text(range.from), to: text(range.to) };
  }
  const isDefault = DEFAULT_RANGE.kind === 'relative' && range.text === DEFAULT_RANGE.text;
  return { range: isDefault ? undefined : range.text, from: undefined, to: undefined };
}

/** The equally long time just before. */
export function previousPeriod({ from, to }: Period): Period {
  return { from: from - (to - from), to: from };
}

export type TypedRange =
  | { readonly ok: true; readonly range: TimeRange }
  | { readonly ok: false; readonly reason: 'unreadable' | 'reversed' | 'future' | 'no_end' };

/** What a person typed: `last 3 days`, `yesterday 9–17`, `14 Nov`, `2026-11-14 13:00 to 15:00`, `最近3天`. */
export function parseTypedRange(text: string, now: number, zone: string): TypedRange {
  const whole = parseWhole(text);
  if (whole !== null) return { ok: true, range: { kind: 'relative', text: whole } };
  const span = parseSpan(text, now, zone);
  if (typeof span === 'string') return { ok: false, reason: span };
  if (span.to <= span.from) return { ok: false, reason: 'reversed' };
  if (span.from > now) return { ok: false, reason: 'future' };
  return { ok: true, range: { kind: 'absolute', from: span.from, to: span.to } };
}

const UNITS: Readonly<Record<string, readonly [one: string, many: string, zh: string]>> = {
  m: ['minute', 'minutes', '分钟'],
  h: ['hour', 'hours', '小时'],
  d: ['day', 'days', '天'],
  w: ['week', 'weeks', '周'],
  mo: ['month', 'months', '个月'],
};

/** `Last 24 hours`, `Today`, or the dates of an absolute range. */
export function describeRange(range: TimeRange, context: TimeContext): string {
  if (range.kind === 'absolute') return formatRange(range.from, range.to, context);
  return describeRelative(range.text, context.language);
}

function describeRelative(text: string, language: Language): string {
  if (text === 'today') return language === 'zh' ? '今天' : 'Today';
  if (text === 'yesterday') return language === 'zh' ? '昨天' : 'Yesterday';
  const [, digits = '24', unit = 'h'] = SPAN.exec(text) ?? [];
  const [one, many, zh] = UNITS[unit] ?? ['hour', 'hours', '小时'];
  if (language === 'zh') return `最近 ${digits} ${zh}`;
  return digits === '1' ? `Last ${one}` : `Last ${digits} ${many}`;
}
