/** Buckets of a time axis: round steps, and labels on round hours of the viewer's clock. */
import type { Language } from '../text/message.ts';
import { formatClock, formatDay, type TimeContext } from './format.ts';
import type { Period } from './range.ts';
import { addDays, instantOf, startOfDay, wallOf } from './zone.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  4 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
];

/** The smallest round step that needs no more than `most` buckets. */
export function chooseStep({ from, to }: Period, most: number): number {
  for (const step of STEPS) {
    if ((to - from) / step <= most) return step;
  }
  return 28 * DAY;
}

/** The start of the bucket an instant lies in; steps of hours and days count from the viewer's midnight. */
export function bucketStart(ms: number, step: number, zone: string): number {
  if (step < MINUTE) return Math.floor(ms / step) * step;
  const midnight = startOfDay(ms, zone);
  if (step <= DAY) {
    const wall = wallOf(ms, zone);
    const into = ((wall.hour * 60 + wall.minute) * 60 + wall.second) * SECOND;
    const aligned = Math.floor(into / step) * step;
    const start = instantOf({ ...wall, hour: 0, minute: 0, second: aligned / SECOND }, zone);
    // In the hour that occurs twice the wall says the earlier one: keep the bucket at or before, and within a step.
    return start <= ms && ms - start < step ? start : ms - (into - aligned);
  }
  return midnight;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Midnight: the label is a date. */
  readonly isDay: boolean;
}

/** Labels on round hours, at most `most`; a date stands at each midnight. */
export function timeTicks({ from, to }: Period, most: number, context: TimeContext): Tick[] {
  const step = chooseStep({ from, to }, Math.max(1, most));
  const ticks: Tick[] = [];
  let at = bucketStart(from, step, context.timeZone);
  while (at < to && ticks.length <= most + 2) {
    if (at >= from) {
      const wall = wallOf(at, context.timeZone);
      const isDay = wall.hour === 0 && wall.minute === 0 && wall.second === 0;
      const precision = step < MINUTE ? 'seconds' : 'minutes';
      ticks.push({ at, isDay, label: isDay ? formatDay(at, context) : formatClock(at, context, precision) });
    }
    at = nextTick(at, step, context.timeZone);
  }
  return ticks;
}

function nextTick(at: number, step: number, zone: string): number {
  if (step >= DAY) return addDays(at, Math.round(step / DAY), zone);
  // A change of the clock moves round hours: align again, and always go forward.
  const next = bucketStart(at + step, step, zone);
  return next > at ? next : at + step;
}

/** `30 min`, `1 h`, `30 分钟`. */
export function describeStep(ms: number, language: Language): string {
  const [amount, en, zh] =
    ms % DAY === 0
      ? [ms / DAY, ms === DAY ? 'day' : 'days', '天']
      : ms % HOUR === 0
        ? [ms / HOUR, 'h', '小时']
        : ms % MINUTE === 0
          ? [ms / MINUTE, 'min', '分钟']
          : [Math.round(ms / SECOND), 's', '秒'];
  if (language === 'zh') return `${amount} ${zh}`;
  return amount === 1 && en === 'day' ? 'day' : `${amount}\u202f${en}`;
}
