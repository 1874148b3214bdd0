/** Times as people read them: viewer's zone, 24 hours, the year only when it is another. */
import type { Language } from '../text/message.ts';
import { type Wall, wallOf } from './zone.ts';

export interface TimeContext {
  readonly language: Language;
  readonly timeZone: string;
  /** Decides whether the year is written. */
  readonly now: number;
}

export type Precision = 'minutes' | 'seconds' | 'milliseconds';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number) => String(value).padStart(2, '0');

export function parseTime(rfc3339: string): number {
  return Date.parse(rfc3339);
}

function day(wall: Wall, context: TimeContext): string {
  const sameYear = wall.year === wallOf(context.now, context.timeZone).year;
  if (context.language === 'zh') return `${sameYear ? '' : `${wall.year}年`}${wall.month}月${wall.day}日`;
  return `${wall.day} ${MONTHS[wall.month - 1]}${sameYear ? '' : ` ${wall.year}`}`;
}

function clock(wall: Wall, ms: number, precision: Precision): string {
  const minutes = `${two(wall.hour)}:${two(wall.minute)}`;
  if (precision === 'minutes') return minutes;
  const seconds = `${minutes}:${two(wall.second)}`;
  if (precision === 'seconds') return seconds;
  return `${seconds}.${String(((Math.floor(ms) % 1000) + 1000) % 1000).padStart(3, '0')}`;
}

/** `21 Nov 13:58`, `11月21日 13:58`. */
export function formatTime(ms: number, context: TimeContext, precision: Precision = 'minutes'): string {
  if (!Number.isFinite(ms)) return '—';
  const wall = wallOf(ms, context.timeZone);
  return `${day(wall, context)} ${clock(wall, ms, precision)}`;
}

/** `13:58:41.207` */
export function formatClock(ms: number, context: TimeContext, precision: Precision = 'milliseconds'): string {
  return clock(wallOf(ms, context.timeZone), ms, precision);
}

export function formatDay(ms: number, context: TimeContext): string {
  return day(wallOf(ms, context.timeZone), context);
}

/** `20 Nov 14:00 – 21 Nov 14:00`; the second day is left out when it is the first. */
export function formatRange(from: number, to: number, context: TimeContext): string {
  const start = wallOf(from, context.timeZone);
  const end = wallOf(to, context.timeZone);
  const sameDay = start.year === end.year && start.month === end.month && start.day === end.day;
  // Seconds tell something only where the range is short.
  const precision = to - from < 10 * 60_000 ? 'seconds' : 'minutes';
  const tail = sameDay ? clock(end, to, precision) : formatTime(to, context, precision);
  return `${formatTime(from, context, precision)} – ${tail}`;
}

/** UTC, for the title of a time. */
export function formatUtc(ms: number): string {
  return Number.isFinite(ms) ? `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC` : '—';
}

const STEPS: readonly (readonly [number, string, string])[] = [
  [86_400_000, 'd', '天'],
  [3_600_000, 'h', '小时'],
  [60_000, 'min', '分钟'],
  [1_000, 's', '秒'],
];

/** `12 s ago`, `12 秒前`; what lies ahead by a skewed clock counts as now. */
export function formatAgo(ms: number, now: number, language: Language): string {
  const age = now - ms;
  for (const [size, en, zh] of STEPS) {
    if (age >= size) {
      const amount = Math.floor(age / size);
      return language === 'zh' ? `${amount} ${zh}前` : `${amount} ${en} ago`;
    }
  }
  return language === 'zh' ? '刚刚' : 'just now';
}

/** Seconds into a session: `5:23`, `1:02:03`. */
export function formatOffset(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}
