/** The charts a screen may choose from by name: what each needs, and its title. A new chart is a file and a line here. */
import type { PlainKey } from '../lib/text/catalogue.ts';
import type { ChartKind } from './option.ts';

export interface ChartEntry {
  readonly name: 'line' | 'bar' | 'stacked_bar' | 'top_list';
  readonly title: PlainKey;
  /** The shape of data it shows. */
  readonly shows: 'time' | 'values';
  /** How `TimeSeries` draws it; values are shown by `TopList`. */
  readonly kind: ChartKind | null;
}

export const CHARTS: readonly ChartEntry[] = [
  { name: 'line', title: 'charts.line', shows: 'time', kind: 'lines' },
  { name: 'bar', title: 'charts.bar', shows: 'time', kind: 'bars' },
  { name: 'stacked_bar', title: 'charts.stacked_bar', shows: 'time', kind: 'stacked' },
  { name: 'top_list', title: 'charts.top_list', shows: 'values', kind: null },
];
