import { describe, expect, test } from 'vitest';
import {
  describeRange,
  parseTypedRange,
  previousPeriod,
  rangeFromSearch,
  rangeToSearch,
  resolveRange,
} from './range.ts';

const BERLIN = 'Europe/Berlin';
const NOW = Date.parse('2026-11-21T13:00:00Z'); // 14:00 in Berlin
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Expected: the short form of a relative range, or `from..to` in UTC, or the reason it was refused. */
function check(text: string, expected: string, zone = BERLIN, now = NOW) {
  const typed = parseTypedRange(text, now, zone);
  if (!typed.ok) return expect(typed.reason).toBe(expected);
  const { range } = typed;
  return expect(range.kind === 'relative' ? range.text : `${iso(range.from)}..${iso(range.to)}`).toBe(expected);
}

describe('typed ranges', () => {
  test.each([
    ['last 3 days', '3d'],
    ['past 15 min', '15m'],
    ['Last hour', '1h'],
    ['3d', '3d'],
    ['2 weeks', '2w'],
    ['last 3 months', '3mo'],
    ['today', 'today'],
    ['Yesterday', 'yesterday'],
    ['最近3天', '3d'],
    ['过去 24 小时', '24h'],
    ['最近三天', '3d'],
    ['最近１５分钟', '15m'],
    ['今天', 'today'],
  ])('%s is relative', (text, expected) => check(text, expected));

  test.each([
    ['yesterday 9–17', '2026-11-20T08:00:00Z..2026-11-20T16:00:00Z'],
    ['yesterday 9-17:30', '2026-11-20T08:00:00Z..2026-11-20T16:30:00Z'],
    ['yesterday 9am to 5pm', '2026-11-20T08:00:00Z..2026-11-20T16:00:00Z'],
    ['14 Nov', '2026-11-13T23:00:00Z..2026-11-14T23:00:00Z'],
    ['Nov 14', '2026-11-13T23:00:00Z..2026-11-14T23:00:00Z'],
    ['14 November 2025', '2025-11-13T23:00:00Z..2025-11-14T23:00:00Z'],
    ['24 Dec', '2025-12-23T23:00:00Z..2025-12-24T23:00:00Z'],
    ['14 Nov 13:00 to 15:00', '2026-11-14T12:00:00Z..2026-11-14T14:00:00Z'],
    ['2026-11-14', '2026-11-13T23:00:00Z..2026-11-14T23:00:00Z'],
    ['2026-11-14 13:00 to 15:00', '2026-11-14T12:00:00Z..2026-11-14T14:00:00Z'],
    ['2026-11-14 13:00 - 2026-11-15 15:00', '2026-11-14T12:00:00Z..2026-11-15T14:00:00Z'],
    ['2026-11-14 to 2026-11-16', '2026-11-13T23:00:00Z..2026-11-16T23:00:00Z'],
    ['9 to 12', '2026-11-21T08:00:00Z..2026-11-21T11:00:00Z'],
    ['since 14 Nov', '2026-11-13T23:00:00Z..2026-11-21T13:00:00Z'],
    ['today 8:00 to 24:00', '2026-11-21T07:00:00Z..2026-11-21T23:00:00Z'],
    ['昨天9点到17点', '2026-11-20T08:00:00Z..2026-11-20T16:00:00Z'],
    ['昨天 9点半 至 17:00', '2026-11-20T08:30:00Z..2026-11-20T16:00:00Z'],
    ['11月14日', '2026-11-13T23:00:00Z..2026-11-14T23:00:00Z'],
    ['2026年11月14日 13:00 到 15:00', '2026-11-14T12:00:00Z..2026-11-14T14:00:00Z'],
    ['11月14日至11月16日', '2026-11-13T23:00:00Z..2026-11-16T23:00:00Z'],
  ])('%s', (text, expected) => check(text, expected));

  test.each([
    ['', 'unreadable'],
    ['soon', 'unreadable'],
    ['31 Nov', 'unreadable'],
    ['2026-02-30', 'unreadable'],
    ['25:00 to 26:00', 'unreadable'],
    ['14 Nov 13:00', 'no_end'],
    ['15:00 to 13:00', 'reversed'],
    ['2027-01-01', 'future'],
    ['0 days', 'unreadable'],
  ])('%s is refused', (text, reason) => check(text, reason));

  test('days are the viewer’s, in half-hour zones too', () => {
    check('yesterday', 'yesterday', 'Asia/Kolkata');
    check('20 Nov', '2026-11-19T18:30:00Z..2026-11-20T18:30:00Z', 'Asia/Kolkata');
    check('20 Nov 9-10', '2026-11-20T12:30:00Z..2026-11-20T13:30:00Z', 'America/St_Johns');
  });

  test('days of 23 and 25 hours are whole days', () => {
    check('29 Mar 2026', '2026-03-28T23:00:00Z..2026-03-29T22:00:00Z');
    check('25 Oct 2026', '2026-10-24T22:00:00Z..2026-10-25T23:00:00Z');
    check('5 Apr 2026', '2026-04-04T13:00:00Z..2026-04-05T13:30:00Z', 'Australia/Lord_Howe');
  });
});

describe('resolving', () => {
  const at = (text: string, now: number, zone = BERLIN) => {
    const { from, to } = resolveRange({ kind: 'relative', text }, now, zone);
    return `${iso(from)}..${iso(to)}`;
  };
  test('relative ranges end now, named days at midnight', () => {
    expect(at('24h', NOW)).toBe('2026-11-20T13:00:00Z..2026-11-21T13:00:00Z');
    expect(at('today', NOW)).toBe('2026-11-20T23:00:00Z..2026-11-21T13:00:00Z');
    expect(at('yesterday', NOW)).toBe('2026-11-19T23:00:00Z..2026-11-20T23:00:00Z');
    expect(at('1mo', NOW)).toBe('2026-10-21T12:00:00Z..2026-11-21T13:00:00Z');
  });
  test('days keep their hour over a change of time, hours do not', () => {
    const afterChange = Date.parse('2026-10-26T08:00:00Z'); // 09:00 in winter time
    expect(at('2d', afterChange)).toBe('2026-10-24T07:00:00Z..2026-10-26T08:00:00Z');
    expect(at('48h', afterChange)).toBe('2026-10-24T08:00:00Z..2026-10-26T08:00:00Z');
    expect(at('yesterday', afterChange)).toBe('2026-10-24T22:00:00Z..2026-10-25T23:00:00Z');
  });
  test('the previous period is as long and ends where this one begins', () => {
    expect(previousPeriod({ from: 200, to: 300 })).toEqual({ from: 100, to: 200 });
  });
});

test('the URL round trip leaves the default out', () => {
  expect(rangeToSearch({ kind: 'relative', text: '24h' })).toEqual({});
  expect(rangeFromSearch(rangeToSearch({ kind: 'relative', text: '7d' }))).toEqual({ kind: 'relative', text: '7d' });
  const absolute = { kind: 'absolute' as const, from: NOW - 1000, to: NOW };
  expect(rangeFromSearch(rangeToSearch(absolute))).toEqual(absolute);
  expect(rangeFromSearch({ range: 'nonsense' })).toEqual({ kind: 'relative', text: '24h' });
  expect(rangeFromSearch({ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }).kind).toBe('relative');
});

test('ranges are described in words', () => {
  const context = { language: 'en' as const, timeZone: 'UTC', now: NOW };
  expect(describeRange({ kind: 'relative', text: '24h' }, context)).toBe('Last 24 hours');
  expect(describeRange({ kind: 'relative', text: '1h' }, context)).toBe('Last hour');
  expect(describeRange({ kind: 'relative', text: '7d' }, { ...context, language: 'zh' })).toBe('最近 7 天');
  expect(describeRange({ kind: 'absolute', from: NOW - 3_600_000, to: NOW }, context)).toBe('21 Nov 12:00 – 13:00');
});
