/** What charts draw with, from the same tokens. Plain values: only `charts/` knows the library. */
import { FONT, type Scheme, type Token, token } from './tokens.ts';

export const CATEGORICAL: readonly Token[] = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10'];

/** Room around the plot, px. The overlay of a chart relies on it too: crosshair and brush are drawn by us. */
export const PLOT = { left: 44, right: 8, top: 8, bottom: 22 } as const;

export function chartTheme(scheme: Scheme) {
  const of = (name: Token) => token(name, scheme);
  const labels = { color: of('text-3'), fontSize: 11, fontFamily: FONT };
  const axis = {
    axisLine: { show: true, lineStyle: { color: of('border-strong') } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: { ...labels, hideOverlap: true },
  };
  const valueAxis = {
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: true, lineStyle: { color: of('grid') } },
    axisLabel: labels,
  };
  return {
    color: CATEGORICAL.map(of),
    backgroundColor: 'transparent',
    textStyle: labels,
    categoryAxis: axis,
    timeAxis: axis,
    valueAxis,
    line: { lineStyle: { width: 1.75 }, showSymbol: false, smooth: false },
    bar: { barCategoryGap: '18%' },
    animation: false,
  };
}
