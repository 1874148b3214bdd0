/** The data of a chart over time, and what can be said about it without drawing. */
import type { Token } from '../theme/tokens.ts';

export interface Series {
  /** As the server names it; colours and clicks go by it. */
  readonly name: string;
  readonly label: string;
  readonly colour: Token;
  readonly values: readonly (number | null)[];
  /** The same buckets one period earlier. */
  readonly previous?: readonly (number | null)[] | null;
}

export interface TimeData {
  /** Starts of the buckets, ms. */
  readonly times: readonly number[];
  readonly stepMs: number;
  readonly series: readonly Series[];
}

/** Round steps of an axis from zero: 2 to 4 lines. */
export function valueAxis(highest: number): { max: number; interval: number } {
  if (highest <= 0) return { max: 1, interval: 1 };
  const rough = highest / 3;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const interval =
    [1, 2, 2.5, 5, 10].map((step) => step * magnitude).find((step) => highest / step <= 4) ?? 10 * magnitude;
  return { max: Math.ceil(highest / interval - 1e-9) * interval, interval };
}

/** The highest value drawn: of stacked series their sum. */
export function highestOf(data: TimeData, isStacked: boolean): number {
  let highest = 0;
  data.times.forEach((_, index) => {
    let sum = 0;
    for (const { values, previous } of data.series) {
      const value = values[index] ?? 0;
      sum += value;
      highest = Math.max(highest, value, previous?.[index] ?? 0);
    }
    if (isStacked) highest = Math.max(highest, sum);
  });
  return highest;
}

/** Index of the bucket an instant lies in, or -1. */
export function bucketAt(data: TimeData, ms: number): number {
  const first = data.times[0];
  if (first === undefined || ms < first) return -1;
  let low = 0;
  let high = data.times.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((data.times[middle] ?? 0) <= ms) low = middle;
    else high = middle;
  }
  return ms < (data.times[low] ?? 0) + data.stepMs ? low : -1;
}

/** RFC 4180; a leading formula character is disarmed, since spreadsheets run what event text may contain. */
export function toCsv(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null) => {
    if (value === null) return '';
    if (typeof value === 'number') return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n');
}
