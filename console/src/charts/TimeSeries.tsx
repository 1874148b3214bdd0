import { useCallback, useId, useMemo } from 'react';
import { formatNumber, type Unit } from '../lib/format.ts';
import { describeStep, timeTicks } from '../lib/time/buckets.ts';
import { formatTime } from '../lib/time/format.ts';
import type { Period } from '../lib/time/range.ts';
import { PLOT } from '../theme/chart.ts';
import type { Scheme } from '../theme/tokens.ts';
import { useTimeContext } from '../ui/format.tsx';
import { useText } from '../ui/language.tsx';
import type { ChartControls } from './controls.ts';
import { Overlay } from './Overlay.tsx';
import { type ChartKind, optionOf } from './option.ts';
import type { TimeData } from './series.ts';
import classes from './TimeSeries.module.css';
import { TimeTable } from './TimeTable.tsx';
import { useDrawing } from './useDrawing.ts';

export interface TimeSeriesProps {
  title: string;
  kind: ChartKind;
  unit: Unit;
  data: TimeData;
  period: Period;
  /** From `useChartControls`: table twin and downloads, which stand in the panel's head. */
  controls: ChartControls;
  height?: number;
  /** A drag over the chart chose a time. */
  onBrush?: (period: Period) => void;
  /** A bucket was clicked, or Enter pressed on it. */
  onOpen?: (bucket: Period) => void;
  /** What `onOpen` does, in words. */
  openHint?: string;
}

/** Values over time: drawn by the library, pointed at, brushed and walked through by us. */
export function TimeSeries(props: TimeSeriesProps) {
  if (props.controls.isTable) return <TimeTable {...props} />;
  return <TimeDrawing {...props} />;
}

function TimeDrawing({ title, kind, unit, data, period, controls, height = 150, ...actions }: TimeSeriesProps) {
  const text = useText();
  const context = useTimeContext();
  const hintId = useId();
  // The width of the plot decides bars and ticks; it is measured by the drawing, which needs them.
  const [width, onWidth] = controls.width;
  const ticks = useMemo(
    () => timeTicks(period, Math.max(2, Math.floor(width / 90)), context),
    [period, width, context],
  );
  const option = useCallback(
    (scheme: Scheme) => optionOf({ kind, unit, data, period, ticks, width, language: context.language }, scheme),
    [kind, unit, data, period, ticks, width, context.language],
  );
  const element = useDrawing(option, onWidth, controls.picture);
  return (
    <figure className={classes.figure} style={{ height }}>
      <div ref={element} className={classes.drawing} aria-hidden="true" />
      <Overlay
        label={describe(title, unit, data, text, context)}
        hintId={hintId}
        kind={kind}
        unit={unit}
        data={data}
        period={period}
        width={width - PLOT.left - PLOT.right}
        {...actions}
      />
    </figure>
  );
}

/** One sentence that says what the picture shows. */
function describe(
  title: string,
  unit: Unit,
  data: TimeData,
  text: ReturnType<typeof useText>,
  context: ReturnType<typeof useTimeContext>,
): string {
  const values = data.series[0]?.values ?? [];
  let low: number | null = null;
  let high: number | null = null;
  let peak = 0;
  values.forEach((value, index) => {
    if (value === null) return;
    if (low === null || value < low) low = value;
    if (high === null || value > high) {
      high = value;
      peak = index;
    }
  });
  if (low === null || high === null) return text('charts.description_empty', { title });
  return text('charts.description', {
    title,
    step: describeStep(data.stepMs, context.language),
    low: formatNumber(low, unit, context.language),
    high: formatNumber(high, unit, context.language),
    peak: formatTime(data.times[peak] ?? 0, context),
  });
}
