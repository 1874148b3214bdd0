/**
 * Every number a person reads is written here, from its column's unit. Rules: three significant digits for durations
 * and sizes, full counts in tables, "—" for what is absent, and never a rounding that turns a fact into another
 * (99.996 % is not all, 0.004 % is not nothing).
 */
import type { Language } from './text/message.ts';
import { formatTime, type TimeContext } from './time/format.ts';

/** Units as the server names them, and those that only figures have. */
const UNITS = ['ns', 'B', '%', 'count', 'share', 'score'] as const;
export type Unit = (typeof UNITS)[number];

/** The unit the server names; one not known here is only counted. */
export function unitOf(name: string): Unit {
  return UNITS.find((unit) => unit === name) ?? 'count';
}

export const ABSENT = '—';
/** Below this many events a value is hollow: no rating, no change. */
export const FEW = 30;

/** Thin no-break space between number and unit: a value never breaks over two lines. */
const GAP = '\u202f';
const MINUS = '−';

const PLAIN = new Map<number, Intl.NumberFormat>();

/** Digits after the point are fixed; thousands are grouped with commas in both languages. */
function plain(value: number, decimals: number): string {
  let format = PLAIN.get(decimals);
  if (format === undefined) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    PLAIN.set(decimals, format);
  }
  const text = format.format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** Decimals that leave three significant digits, at most `most`. */
function decimalsFor(value: number, most = 2): number {
  const size = Math.abs(value);
  if (size >= 99.95) return 0;
  if (size >= 9.995) return Math.min(1, most);
  return most;
}

export function formatCount(value: number): string {
  return plain(value, Number.isInteger(value) ? 0 : decimalsFor(value));
}

/** For axes and ticks: `12.4 k`, `1.2 M`; Chinese counts in 万 and 亿. */
export function formatCountShort(value: number, language: Language): string {
  const steps: readonly (readonly [number, string])[] =
    language === 'zh'
      ? [
          [1e8, '亿'],
          [1e4, '万'],
        ]
      : [
          [1e9, 'G'],
          [1e6, 'M'],
          [1e3, 'k'],
        ];
  for (const [size, name] of steps) {
    if (Math.abs(value) >= size) return `${trimmed(value / size)}${GAP}${name}`;
  }
  return trimmed(value);
}

function trimmed(value: number): string {
  const decimals = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 1;
  return plain(value, decimals).replace(/\.0$/, '');
}

const US = 1e3;
const MS = 1e6;
const S = 1e9;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

/** Nanoseconds: `12 µs`, `0.4 ms`, `184 ms`, `1.24 s`, `2 min 5 s`, `3 h 10 min`. */
export function formatDuration(ns: number, language: Language): string {
  return formatDurationParts(ns, language).join('');
}

/** Number and unit apart, for headline figures that set the unit smaller. */
export function formatDurationParts(ns: number, language: Language): [string, string] {
  const size = Math.abs(ns);
  if (size === 0) return ['0', `${GAP}ms`];
  if (size < 0.05 * MS) return [plain(ns / US, size < 10 * US && size % US !== 0 ? 1 : 0), `${GAP}µs`];
  if (size < MS) return [plain(ns / MS, 1), `${GAP}ms`];
  // The border lies where rounding would show the next unit: 999.6 ms is 1.00 s.
  if (size < 999.5 * MS) return [plain(ns / MS, size < 9.95 * MS && size % MS !== 0 ? 1 : 0), `${GAP}ms`];
  if (size < 59.95 * S) return [plain(ns / S, decimalsFor(ns / S)), `${GAP}s`];
  const sign = ns < 0 ? MINUS : '';
  const [minute, second, hour, day] = language === 'zh' ? ['分', '秒', '小时', '天'] : ['min', 's', 'h', 'd'];
  const seconds = Math.round(size / S);
  if (seconds < 3600) return two(sign, Math.floor(seconds / 60), minute ?? '', seconds % 60, second ?? '');
  const minutes = Math.round(size / MIN);
  if (minutes < 24 * 60) return two(sign, Math.floor(minutes / 60), hour ?? '', minutes % 60, minute ?? '');
  const hours = Math.round(size / H);
  return two(sign, Math.floor((hours * H) / D), day ?? '', hours % 24, hour ?? '');
}

function two(sign: string, large: number, largeUnit: string, small: number, smallUnit: string): [string, string] {
  const tail = small === 0 ? '' : `${GAP}${small}${GAP}${smallUnit}`;
  return [`${sign}${plain(large, 0)}`, `${GAP}${largeUnit}${tail}`];
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in powers of 1000. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < SIZES.length - 1) {
    value /= 1000;
    step += 1;
  }
  const decimals = step === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${plain(value, decimals)}${GAP}${SIZES[step]}`;
}

/** A share of one. Never 100 % unless it is all of them, never 0 % unless it is none. */
export function formatShare(share: number, language: Language): string {
  return formatSharePart(share) + percentSign(language);
}

/** The number of a share without its sign. */
export function formatSharePart(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return plain(percent, 0);
  if (Math.abs(percent) < 0.01) return `<${GAP}0.01`;
  if (percent > 99.99 && percent < 100) return `>${GAP}99.99`;
  return plain(percent, 2);
}

/** Shares beside each other (good, needs, poor) read better with one decimal. */
export function formatShareRough(share: number, language: Language): string {
  const percent = share * 100;
  const sign = percentSign(language);
  if (percent === 0 || percent === 100) return plain(percent, 0) + sign;
  if (percent < 0.1) return `<${GAP}0.1${sign}`;
  if (percent > 99.9) return `>${GAP}99.9${sign}`;
  return plain(percent, 1) + sign;
}

function percentSign(language: Language): string {
  return language === 'zh' ? '%' : `${GAP}%`;
}

/** A percentage as SDKs send it (0–100), such as a sample rate. */
export function formatPercent(percent: number, language: Language): string {
  return formatShare(percent / 100, language);
}

export function formatScore(score: number): string {
  return plain(score, 2);
}

export interface Change {
  /** What is shown: arrow and amount. */
  readonly text: string;
  /** The same for a screen reader. */
  readonly words: string;
  readonly direction: 'up' | 'down' | 'same' | 'new';
}

/** Shares change in points, scores in their own measure, everything else relatively; from nothing is `new`. */
export function formatChange(value: number, previous: number, unit: Unit, language: Language): Change {
  if (unit === 'share') {
    const points = (value - previous) * 100;
    return arrow(points, plain(Math.abs(points), 2), language === 'zh' ? '个百分点' : 'pt', language);
  }
  if (unit === 'score') return arrow(value - previous, plain(Math.abs(value - previous), 2), '', language);
  if (previous === 0) {
    if (value === 0) return arrow(0, '0', '%', language);
    const word = language === 'zh' ? '新增' : 'new';
    return { text: word, words: word, direction: 'new' };
  }
  const percent = ((value - previous) / previous) * 100;
  const size = Math.abs(percent);
  return arrow(percent, plain(size, size >= 99.95 ? 0 : 1), '%', language);
}

function arrow(amount: number, digits: string, unit: string, language: Language): Change {
  const gap = unit === '' || (language === 'zh' && unit === '%') ? '' : GAP;
  if (!/[1-9]/.test(digits)) {
    const text = `${unit === '%' ? '0' : digits}${gap}${unit}`;
    return { text, words: language === 'zh' ? '没有变化' : 'no change', direction: 'same' };
  }
  const up = amount > 0;
  const long = unit === 'pt' ? 'percentage points' : unit;
  const word = language === 'zh' ? (up ? '上升' : '下降') : up ? 'up ' : 'down ';
  return {
    text: `${up ? '▲' : '▼'}${GAP}${digits}${gap}${unit}`,
    words: `${word}${digits}${gap}${long}`,
    direction: up ? 'up' : 'down',
  };
}

/** One cell of a table, from its column. Text comes back as it is. */
export function formatValue(
  value: unknown,
  column: { readonly unit?: string | null | undefined; readonly type?: string | undefined },
  context: TimeContext,
): string {
  if (value === null || value === undefined || value === '') return ABSENT;
  if (Array.isArray(value)) return value.map((item) => formatValue(item, column, context)).join(', ');
  if (column.type === 'timestamp' && typeof value === 'string') {
    return formatTime(Date.parse(value), context, 'milliseconds');
  }
  // Integers beyond 2^53 travel as text.
  const number = typeof value === 'number' ? value : column.unit && typeof value === 'string' ? Number(value) : null;
  if (number !== null && Number.isFinite(number))
    return formatNumber(number, column.unit ?? undefined, context.language);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** A number in its unit; an unknown unit is written behind it. */
export function formatNumber(value: number, unit: string | undefined, language: Language): string {
  switch (unit) {
    case 'ns':
      return formatDuration(value, language);
    case 'B':
    case 'bytes':
      return formatSize(value);
    case '%':
      return formatPercent(value, language);
    case 'share':
      return formatShare(value, language);
    case 'score':
      return formatScore(value);
    case undefined:
    case 'count':
      return formatCount(value);
    default:
      return `${formatCount(value)}${GAP}${unit}`;
  }
}

/** Number and unit apart: headline figures set the unit smaller. */
export function formatFigure(value: number, unit: Unit, language: Language): [string, string] {
  switch (unit) {
    case 'ns':
      return formatDurationParts(value, language);
    case 'share':
      return [formatSharePart(value), percentSign(language)];
    case 'score':
      return [formatScore(value), ''];
    case 'count':
      return [formatCount(value), ''];
    default:
      return [formatNumber(value, unit, language), ''];
  }
}
