import { expect, test } from 'vitest';
import type { Activity, Application } from '../../api/applications.ts';
import { filterRows, rowsOf } from './rows.ts';

function application(app_id: string, name: string): Application {
  return {
    app_id,
    name,
    number: 1,
    earlier_app_ids: [],
    type: 'web',
    access: 'token',
    allowed_origins: [],
    require_origin: false,
    privacy: { ip: 'keep', scrub_keys: [] },
    retention_days: 14,
    replay_retention_days: 14,
    created_at: '2026-11-21T00:00:00Z',
  };
}

const live: Activity = {
  app_id: 'shop',
  last_event_at: '2026-11-21T13:00:00Z',
  events_per_minute: 40,
  sdks: [{ name: 'browser-rum', version: '7.2.0', last_event_at: '2026-11-21T13:00:00Z' }],
  state: 'live',
};

const three = [application('a', 'Alpha'), application('shop', 'Shop'), application('b', 'beta')];
const rows = rowsOf(three, [live], undefined);

function check(wanted: Parameters<typeof filterRows>[1], ids: string[]) {
  expect(filterRows(rows, wanted).map((row) => row.application.app_id)).toEqual(ids);
}

test('the busiest comes first, the rest by name without regard to case', () => check({}, ['shop', 'a', 'b']));
test('an application is found by the version of its SDK', () => check({ s: 'RUM 7.2' }, ['shop']));
test('a state keeps those in it', () => check({ state: 'live' }, ['shop']));
test('sorting by name backwards', () => check({ sort: '-name' }, ['shop', 'b', 'a']));
test('an unknown column sorts by name', () => check({ sort: 'constructor' }, ['a', 'b', 'shop']));

test('who sent nothing all day has a flat course, nobody has one before the answer', () => {
  const courses = rowsOf(three, [live], new Map([['shop', [1, 2]]])).map((row) => row.course);
  expect(courses).toEqual([new Array(24).fill(0), [1, 2], new Array(24).fill(0)]);
  expect(rows.every((row) => row.course === undefined)).toBe(true);
});
