import { expect, test } from 'vitest';
import type { SessionAnswer, SessionEvent } from './queries.ts';
import { marksOf, phasesOf, placeOf, timelineOf, viewOf } from './timeline.ts';

const S = 1e9;

function event(time: string, more: Partial<SessionEvent> = {}): SessionEvent {
  return {
    table: 'resource',
    event_id: time,
    time: `2026-11-21T10:00:${time}Z`,
    view_id: null,
    duration_ns: null,
    title: 'x',
    status: null,
    is_error: false,
    values: {},
    ...more,
  };
}

function session(views: SessionAnswer['views'], events: SessionEvent[]): SessionAnswer {
  const start = '2026-11-21T10:00:00Z';
  return {
    session: { session_start: start, session_duration: 60 * S },
    views,
    events,
    truncated: false,
    snapshot: '',
    elapsed_ms: 1,
  };
}

const view = (id: string, second: string, spent?: number) => ({
  view_id: id,
  time: `2026-11-21T10:00:${second}Z`,
  view_url_path_group: `/${id}`,
  ...(spent === undefined ? {} : { view_time_spent: spent * S }),
});

test('a view without a length lasts until the next one', () => {
  const { views, length } = timelineOf(session([view('b', '20', 10), view('a', '00')], []));
  expect(views.map(({ id, start, end }) => [id, start, end])).toEqual([
    ['a', 0, 20_000],
    ['b', 20_000, 30_000],
  ]);
  expect(length).toBe(60_000);
});

test('the axis holds events that end after the session', () => {
  expect(timelineOf(session([], [event('59', { duration_ns: 10 * S })])).length).toBe(69_000);
});

test('a session of a single instant still has an axis', () => {
  const only = session([], []);
  expect(timelineOf({ ...only, session: { session_start: '2026-11-21T10:00:00Z' } }).length).toBe(1000);
});

test('an event belongs to the view it names, else to the open one', () => {
  const timeline = timelineOf(session([view('a', '00', 20), view('b', '20', 20)], []));
  expect(viewOf(event('05', { view_id: 'b' }), timeline)?.id).toBe('b');
  expect(viewOf(event('25'), timeline)?.id).toBe('b');
  expect(placeOf(event('25', { duration_ns: S }), timeline)).toEqual({ start: 25_000, end: 26_000 });
});

test('a request is cut into what was sent of its phases', () => {
  const ms = 1e6;
  const values = {
    resource_dns_start: 10 * ms,
    resource_dns: 5 * ms,
    resource_connect_start: 15 * ms,
    resource_connect: 20 * ms,
    resource_first_byte_start: 35 * ms,
    resource_first_byte: 65 * ms,
    resource_download_start: 100 * ms,
    resource_download: 20 * ms,
  };
  expect(
    phasesOf(event('00', { duration_ns: 120 * ms, values })).map(({ name, start, end }) => [name, start, end]),
  ).toEqual([
    ['wait', 0, 10],
    ['connect', 10, 35],
    ['first_byte', 35, 100],
    ['download', 100, 120],
  ]);
  expect(phasesOf(event('00', { duration_ns: 5 * ms }))).toEqual([{ name: 'download', start: 0, end: 5 }]);
});

test('marks stand on round seconds', () => {
  expect(marksOf(402_000, 8)).toEqual([0, 60_000, 120_000, 180_000, 240_000, 300_000, 360_000]);
  expect(marksOf(900, 8)).toEqual([0, 200, 400, 600, 800]);
});
