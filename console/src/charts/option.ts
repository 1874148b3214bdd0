/** From data and meaning to what the library draws. Everything that moves (crosshair, brush, tip) is not in here. */
import { formatCountShort, formatNumber, type Unit } from '../lib/format.ts';
import type { Language } from '../lib/text/message.ts';
import type { Tick } from '../lib/time/buckets.ts';
import type { Period } from '../lib/time/range.ts';
import { PLOT } from '../theme/chart.ts';
import { type Scheme, token } from '../theme/tokens.ts';
import { highestOf, type Series, type TimeData, valueAxis } from './series.ts';

export type ChartKind = 'lines' | 'bars' | 'stacked';

export interface Drawn {
  readonly kind: ChartKind;
  readonly unit: Unit;
  readonly data: TimeData;
  readonly period: Period;
  readonly ticks: readonly Tick[];
  readonly language: Language;
  readonly width: number;
}

export function formatAxis(value: number, unit: Unit, language: Language): string {
  return unit === 'count' ? formatCountShort(value, language) : formatNumber(value, unit, language);
}

export function optionOf(drawn: Drawn, scheme: Scheme) {
  const { kind, unit, data, period, ticks, language } = drawn;
  const { max, interval } = valueAxis(highestOf(data, kind === 'stacked'));
  const labels = new Map(ticks.map((tick) => [tick.at, tick.label]));
  return {
    grid: { ...PLOT },
    xAxis: {
      type: 'value' as const,
      min: period.from,
      max: period.to,
      splitLine: { show: false },
      axisLine: { show: true, lineStyle: { color: token('border-strong', scheme) } },
      axisLabel: { customValues: ticks.map((tick) => tick.at), formatter: (at: number) => labels.get(at) ?? '' },
    },
    yAxis: {
      type: 'value' as const,
      min: 0,
      max,
      interval,
      axisLabel: { formatter: (value: number) => formatAxis(value, unit, language) },
    },
    series: data.series.flatMap((one): Shape[] =>
      kind === 'lines' ? linesOf(one, drawn, scheme) : [barsOf(one, drawn, scheme)],
    ),
  };
}

type Shape = ReturnType<typeof linesOf>[number] | ReturnType<typeof barsOf>;

/** A bucket is drawn at its middle, but never outside the period. */
export function middleOf(at: number, stepMs: number, period: Period): number {
  return (Math.max(at, period.from) + Math.min(at + stepMs, period.to)) / 2;
}

function points(values: readonly (number | null)[], { data, period }: Drawn) {
  return data.times.map((at, index) => [middleOf(at, data.stepMs, period), values[index] ?? null]);
}

function linesOf(one: Series, drawn: Drawn, scheme: Scheme) {
  const colour = token(one.colour, scheme);
  const hasArea = drawn.data.series.length === 1;
  const own = {
    type: 'line' as const,
    name: one.name,
    data: points(one.values, drawn),
    symbol: 'none',
    silent: true,
    lineStyle: { width: 1.75, color: colour },
    ...(hasArea ? { areaStyle: { color: colour, opacity: 0.1 } } : {}),
    z: 3,
  };
  if (!one.previous) return [own];
  const before = {
    type: 'line' as const,
    name: `${one.name} previous`,
    data: points(one.previous, drawn),
    symbol: 'none',
    silent: true,
    lineStyle: { width: 1.25, type: [3, 3], color: token('text-off', scheme) },
    z: 2,
  };
  return [before, own];
}

function barsOf(one: Series, drawn: Drawn, scheme: Scheme) {
  const { kind, data, period, width } = drawn;
  const room = ((width - PLOT.left - PLOT.right) * data.stepMs) / (period.to - period.from);
  return {
    type: 'bar' as const,
    name: one.name,
    data: points(one.values, drawn),
    silent: true,
    barWidth: Math.max(1, Math.floor(room * 0.82)),
    itemStyle: { color: token(one.colour, scheme) },
    ...(kind === 'stacked' ? { stack: 'all' } : {}),
  };
}
