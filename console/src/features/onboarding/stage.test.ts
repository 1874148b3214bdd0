import { expect, test } from 'vitest';
import type { Onboarding, Refusal, View } from './queries.ts';
import { stageOf } from './stage.ts';

const view = (view_id: string, is_yours = false): View => ({
  view_id,
  session_id: null,
  time: '2026-11-21T13:00:00Z',
  url_path: '/',
  view_name: null,
  loading_time: null,
  lcp: null,
  inp: null,
  cls: null,
  error_count: 0,
  browser: null,
  os: null,
  country_code: null,
  is_yours,
});

const refusal = (code: string, is_yours = false): Refusal => ({
  code,
  origin: null,
  token_hint: null,
  app_id: null,
  sdk: { name: 'datadog', version: null },
  count: 1,
  last_at: '2026-11-21T13:00:00Z',
  is_yours,
  help: '',
});

function check(steps: Partial<Onboarding['steps']>, views: View[], expected: string) {
  const stage = stageOf(
    {
      now: '2026-11-21T13:00:01Z',
      server: { origin: null, is_https: false, version: '0', creates_applications: false },
      steps: { preflight: null, refusals: [], first_event_at: null, accepted_events: 0, ...steps },
      views,
    },
    undefined,
  );
  const named = stage.kind === 'visit' ? stage.view.view_id : stage.kind === 'refused' ? stage.refusal.code : '';
  expect(`${stage.kind} ${named}`.trim()).toBe(expected);
}

const preflight = { count: 1, last_at: '2026-11-21T13:00:00Z', origin: null };

test('silence', () => check({}, [], 'nothing'));
test('only a preflight', () => check({ preflight }, [], 'preflight'));
test('a refusal says more than the preflight before it', () =>
  check({ preflight, refusals: [refusal('wrong_origin')] }, [], 'refused wrong_origin'));
test('my own refusal comes before newer ones of others', () =>
  check({ refusals: [refusal('wrong_token'), refusal('wrong_origin', true)] }, [], 'refused wrong_origin'));
test('events without a view yet', () => check({ accepted_events: 2 }, [], 'events'));
test('my own visit comes before newer ones of others', () => check({}, [view('a'), view('b', true)], 'visit b'));
test('somebody’s visit is a visit', () => check({ refusals: [refusal('wrong_token')] }, [view('a')], 'visit a'));
