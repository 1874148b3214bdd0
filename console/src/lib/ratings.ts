/** Ratings of web vitals by their published thresholds: good up to the first, poor above the second. */

export type Rating = 'good' | 'needs' | 'poor';

interface Thresholds {
  readonly good: number;
  readonly poor: number;
}

const MS = 1_000_000;

/** By column, as the dictionary names it. Source: web.dev/articles/vitals */
const THRESHOLDS: Readonly<Record<string, Thresholds>> = {
  largest_contentful_paint: { good: 2500 * MS, poor: 4000 * MS },
  interaction_to_next_paint: { good: 200 * MS, poor: 500 * MS },
  cumulative_layout_shift: { good: 0.1, poor: 0.25 },
  first_contentful_paint: { good: 1800 * MS, poor: 3000 * MS },
  first_byte: { good: 800 * MS, poor: 1800 * MS },
  session_lcp_p75: { good: 2500 * MS, poor: 4000 * MS },
  session_inp_p75: { good: 200 * MS, poor: 500 * MS },
  session_cls_p75: { good: 0.1, poor: 0.25 },
};

/** The rating of a value, or null when the column is not a rated vital. */
export function ratingOf(column: string, value: number | null | undefined): Rating | null {
  const thresholds = THRESHOLDS[column];
  if (thresholds === undefined || value === null || value === undefined) return null;
  if (value <= thresholds.good) return 'good';
  return value <= thresholds.poor ? 'needs' : 'poor';
}
