/** A session on one time axis: where views, events and phases of requests stand, in milliseconds from its begin. */
import type { Fields, SessionAnswer, SessionEvent } from './queries.ts';

export interface Placed {
  readonly start: number;
  readonly end: number;
}

export interface ViewBlock extends Placed {
  readonly id: string;
  readonly title: string;
  readonly fields: Fields;
}

export interface Timeline {
  /** The session's begin, ms since 1970. */
  readonly from: number;
  /** Its length, ms; never 0, so that everything has a place. */
  readonly length: number;
  readonly views: readonly ViewBlock[];
}

const NS_A_MS = 1e6;

export function numberIn(fields: Fields, name: string): number | null {
  const value = fields[name];
  if (typeof value === 'number') return value;
  // Integers beyond 2^53 travel as text.
  return typeof value === 'string' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : null;
}

export function textIn(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Places a session's views. One that does not say how long it was lasts until the next. */
export function timelineOf({ session, views, events }: SessionAnswer): Timeline {
  const starts = [
    textIn(session, 'session_start'),
    textIn(session, 'time'),
    ...views.map((view) => textIn(view, 'time')),
  ]
    .filter((time) => time !== null)
    .map((time) => Date.parse(time));
  const from = Math.min(...starts, ...events.slice(0, 1).map((event) => Date.parse(event.time)));
  const ends = events.map((event) => Date.parse(event.time) + (event.duration_ns ?? 0) / NS_A_MS);
  const duration = (numberIn(session, 'session_duration') ?? 0) / NS_A_MS;
  let to = Math.max(from + duration, from + 1000);
  for (const end of ends) to = Math.max(to, end);

  const sorted = views
    .map((fields) => ({ fields, start: Date.parse(textIn(fields, 'time') ?? '') - from }))
    .filter(({ start }) => Number.isFinite(start))
    .sort((a, b) => a.start - b.start);
  const blocks = sorted.map(({ fields, start }, index): ViewBlock => {
    const spent = numberIn(fields, 'view_time_spent');
    const next = sorted[index + 1]?.start ?? to - from;
    const own = spent === null ? next : start + spent / NS_A_MS;
    return { id: textIn(fields, 'view_id') ?? '', title: titleOf(fields), start, end: Math.max(own, start), fields };
  });
  for (const block of blocks) to = Math.max(to, from + block.end);
  return { from, length: to - from, views: blocks };
}

function titleOf(view: Fields): string {
  return textIn(view, 'view_url_path_group') ?? textIn(view, 'view_name') ?? textIn(view, 'view_url') ?? '—';
}

export function placeOf(event: SessionEvent, { from }: Timeline): Placed {
  const start = Date.parse(event.time) - from;
  return { start, end: start + (event.duration_ns ?? 0) / NS_A_MS };
}

/** The view an event belongs to: the one it names, else the one that was open then. */
export function viewOf(event: SessionEvent, timeline: Timeline): ViewBlock | undefined {
  const named = timeline.views.find((view) => view.id === event.view_id);
  if (named !== undefined) return named;
  const { start } = placeOf(event, timeline);
  return timeline.views.findLast((view) => view.start <= start);
}

export interface Phase extends Placed {
  readonly name: 'wait' | 'connect' | 'first_byte' | 'download';
}

/** The parts of a request, in ms from its begin. Without parts it is one bar of download. */
export function phasesOf({ values, duration_ns: duration }: SessionEvent): Phase[] {
  const length = (duration ?? 0) / NS_A_MS;
  const at = (name: string) => {
    const start = numberIn(values, `resource_${name}_start`);
    const size = numberIn(values, `resource_${name}`);
    return start === null || size === null ? null : { start: start / NS_A_MS, end: (start + size) / NS_A_MS };
  };
  const connects = [at('dns'), at('connect'), at('ssl')].filter((one) => one !== null);
  const firstByte = at('first_byte');
  const download = at('download');
  const phases: Phase[] = [];
  if (connects.length > 0) {
    phases.push({
      name: 'connect',
      start: Math.min(...connects.map((one) => one.start)),
      end: Math.max(...connects.map((one) => one.end)),
    });
  }
  if (firstByte !== null) phases.push({ name: 'first_byte', ...firstByte });
  if (download !== null) phases.push({ name: 'download', ...download });
  const first = phases[0];
  if (first === undefined) return [{ name: 'download', start: 0, end: length }];
  return first.start > 0 ? [{ name: 'wait', start: 0, end: first.start }, ...phases] : phases;
}

/** Marks of the axis: a round number of seconds apart, at most `most`. */
export function marksOf(length: number, most: number): number[] {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400].map(
    (s) => s * 1000,
  );
  const step = steps.find((one) => length / one <= most) ?? length;
  const marks: number[] = [];
  for (let at = 0; at <= length; at += step) marks.push(at);
  return marks;
}
