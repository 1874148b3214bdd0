import { expect, test } from 'vitest';
import { addDays, instantOf, isZone, startOfDay, wallOf, zoneLabel } from './zone.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

function wall(text: string) {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = text.split(/[^0-9]/).map(Number);
  return { year, month, day, hour, minute, second: 0 };
}

test.each([
  ['Asia/Kolkata', '2026-11-21 00:00', '2026-11-20T18:30:00Z'],
  ['America/St_Johns', '2026-07-01 12:00', '2026-07-01T14:30:00Z'],
  ['America/St_Johns', '2026-12-01 12:00', '2026-12-01T15:30:00Z'],
  ['Australia/Lord_Howe', '2026-07-01 12:00', '2026-07-01T01:30:00Z'],
  ['Australia/Lord_Howe', '2026-12-01 12:00', '2026-12-01T01:00:00Z'],
  ['Europe/Berlin', '2026-03-29 12:00', '2026-03-29T10:00:00Z'],
  // Skipped: 02:30 does not exist, the clock shows 03:30 then.
  ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00Z'],
  // Twice: the first of the two, still in summer time.
  ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-05 01:45', '2026-04-04T14:45:00Z'],
])('%s %s is %s', (zone, text, expected) => {
  expect(iso(instantOf(wall(text), zone))).toBe(expected);
});

test.each([
  ['Europe/Berlin', '2026-03-29T12:00:00Z', 23],
  ['Europe/Berlin', '2026-10-25T12:00:00Z', 25],
  ['Europe/Berlin', '2026-06-01T12:00:00Z', 24],
  ['Australia/Lord_Howe', '2026-10-04T03:00:00Z', 23.5],
  ['Australia/Lord_Howe', '2026-04-05T03:00:00Z', 24.5],
])('a day in %s at %s has %d hours', (zone, instant, hours) => {
  const start = startOfDay(at(instant), zone);
  const end = addDays(start, 1, zone);
  expect((end - start) / 3_600_000).toBe(hours);
  expect(wallOf(end, zone).hour).toBe(0);
});

test('adding days keeps the wall clock over a change of time', () => {
  const nine = instantOf(wall('2026-10-24 09:00'), 'Europe/Berlin');
  expect(wallOf(addDays(nine, 3, 'Europe/Berlin'), 'Europe/Berlin')).toMatchObject({ day: 27, hour: 9 });
});

test('zones are labelled with their offset at that time', () => {
  expect(zoneLabel(at('2026-11-21T00:00:00Z'), 'Asia/Kolkata')).toBe('UTC+5:30');
  expect(zoneLabel(at('2026-11-21T00:00:00Z'), 'America/St_Johns')).toBe('UTC−3:30');
  expect(zoneLabel(at('2026-07-01T00:00:00Z'), 'Europe/Berlin')).toBe('UTC+2');
  expect(zoneLabel(at('2026-07-01T00:00:00Z'), 'UTC')).toBe('UTC');
});

test('only real zones are zones', () => {
  expect(isZone('Europe/Berlin')).toBe(true);
  expect(isZone('Europe/Nowhere')).toBe(false);
});
