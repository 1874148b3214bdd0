import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import type { Unit } from '../lib/format.ts';
import type { Period } from '../lib/time/range.ts';
import { PLOT } from '../theme/chart.ts';
import { setCrosshair, useCrosshair } from './crosshair.ts';
import { type ChartKind, middleOf } from './option.ts';
import { bucketAt, type TimeData } from './series.ts';
import classes from './TimeSeries.module.css';
import { Tip } from './Tip.tsx';

interface OverlayProps {
  label: string;
  hintId: string;
  kind: ChartKind;
  unit: Unit;
  data: TimeData;
  period: Period;
  /** Of the plot, px. */
  width: number;
  onBrush?: (period: Period) => void;
  onOpen?: (bucket: Period) => void;
  openHint?: string;
}

/** A press that moves less than this is a click. */
const DRAG_PX = 5;

/** Pointer and keys over a chart: crosshair, tip, brush, and a walk through its points. */
export function Overlay({ label, hintId, unit, data, period, width, onBrush, onOpen, openHint }: OverlayProps) {
  const shared = useCrosshair();
  // `here` is the instant this very chart is pointed at; `shared` may come from another chart of the page.
  const [here, setHere] = useState<number | null>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const pressed = useRef<{ x: number; at: number } | null>(null);
  const length = period.to - period.from;
  const xOf = (at: number) => ((at - period.from) / length) * width;

  const instantOf = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return period.from + share * length;
  };
  const point = (at: number | null) => {
    setHere(at);
    setCrosshair(at);
  };
  const bucketOf = (index: number): Period | null => {
    const at = data.times[index];
    return at === undefined ? null : { from: Math.max(at, period.from), to: Math.min(at + data.stepMs, period.to) };
  };
  const open = (index: number) => {
    const bucket = bucketOf(index);
    if (bucket !== null) onOpen?.(bucket);
  };

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    pressed.current = { x: event.clientX, at: instantOf(event) };
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const at = instantOf(event);
    point(at);
    const start = pressed.current;
    if (start === null || onBrush === undefined || Math.abs(event.clientX - start.x) < DRAG_PX) return;
    setDrag({ from: Math.min(start.at, at), to: Math.max(start.at, at) });
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    const start = pressed.current;
    pressed.current = null;
    setDrag(null);
    if (start === null) return;
    if (drag === null) open(bucketAt(data, instantOf(event)));
    else onBrush?.(wholeBuckets(drag, data, period));
  };
  const onPointerLeave = () => {
    if (pressed.current === null) point(null);
  };

  const walked = here === null ? -1 : bucketAt(data, here);
  const onKeyDown = (event: KeyboardEvent) => {
    const last = data.times.length - 1;
    const moves: Record<string, number> = {
      ArrowRight: Math.min(last, walked + 1),
      ArrowLeft: walked < 0 ? last : Math.max(0, walked - 1),
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const at = data.times[next];
      if (at !== undefined) point(middleOf(at, data.stepMs, period));
    } else if (event.key === 'Enter' && walked >= 0) {
      event.preventDefault();
      open(walked);
    } else if (event.key === 'Escape') {
      point(null);
      setDrag(null);
    }
  };

  const crosshair = here ?? shared;
  const incomplete = incompletePart(data, period);
  return (
    <div
      className={classes.overlay}
      style={{ left: PLOT.left, right: PLOT.right, top: PLOT.top, bottom: PLOT.bottom }}
      role="slider"
      aria-orientation="horizontal"
      aria-label={label}
      aria-describedby={hintId}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, data.times.length - 1)}
      aria-valuenow={Math.max(0, walked)}
      aria-valuetext={walked < 0 ? label : undefined}
      tabIndex={0}
      data-opens={onOpen !== undefined || undefined}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={onPointerLeave}
      onBlur={() => point(null)}
      onKeyDown={onKeyDown}
    >
      {incomplete !== null && (
        <span
          className={classes.incomplete}
          style={{ left: xOf(incomplete.from), width: xOf(incomplete.to) - xOf(incomplete.from) }}
        />
      )}
      {drag !== null && (
        <span className={classes.brush} style={{ left: xOf(drag.from), width: xOf(drag.to) - xOf(drag.from) }} />
      )}
      {crosshair !== null && crosshair >= period.from && crosshair <= period.to && (
        <span className={classes.crosshair} style={{ left: xOf(crosshair) }} />
      )}
      {here !== null && walked >= 0 && (
        <Tip
          id={hintId}
          data={data}
          index={walked}
          period={period}
          unit={unit}
          x={xOf(here)}
          isRight={xOf(here) > width / 2}
          hint={onOpen === undefined ? undefined : openHint}
          canBrush={onBrush !== undefined}
        />
      )}
    </div>
  );
}

/** Brushed times grow to whole buckets, within the period. */
function wholeBuckets(drag: Period, data: TimeData, period: Period): Period {
  const first = data.times[bucketAt(data, drag.from)] ?? drag.from;
  const last = data.times[bucketAt(data, drag.to)];
  const to = last === undefined ? drag.to : last + data.stepMs;
  return { from: Math.max(first, period.from), to: Math.min(to, period.to) };
}

/** The last bucket, when the period ends within it. */
function incompletePart(data: TimeData, period: Period): Period | null {
  const last = data.times.at(-1);
  if (last === undefined || last + data.stepMs <= period.to) return null;
  return { from: Math.max(last, period.from), to: period.to };
}
