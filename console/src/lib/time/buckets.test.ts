import { expect, test } from 'vitest';
import { bucketStart, chooseStep, describeStep, timeTicks } from './buckets.ts';

const at = (text: string) => Date.parse(text);
const HOUR = 3_600_000;
const context = (timeZone: string) => ({ language: 'en' as const, timeZone, now: at('2026-11-21T00:00:00Z') });

test.each([
  [15 * 60_000, 60, 15_000],
  [24 * HOUR, 60, 30 * 60_000],
  [7 * 24 * HOUR, 60, 3 * HOUR],
  [30 * 24 * HOUR, 60, 12 * HOUR],
])('%d ms in at most %d buckets', (length, most, step) => {
  expect(chooseStep({ from: 0, to: length }, most)).toBe(step);
});

test('hour buckets begin on the full hour of half-hour zones', () => {
  const start = bucketStart(at('2026-11-21T10:10:00Z'), HOUR, 'Asia/Kolkata');
  expect(new Date(start).toISOString()).toBe('2026-11-21T09:30:00.000Z');
});

test('buckets in the hour that occurs twice do not overlap', () => {
  const first = bucketStart(at('2026-10-25T00:10:00Z'), HOUR, 'Europe/Berlin');
  const second = bucketStart(at('2026-10-25T01:10:00Z'), HOUR, 'Europe/Berlin');
  expect(second - first).toBe(HOUR);
});

test('labels stand on round hours, and a date at midnight', () => {
  const ticks = timeTicks({ from: at('2026-11-20T14:20:00Z'), to: at('2026-11-21T14:20:00Z') }, 7, context('UTC'));
  expect(ticks.map((tick) => tick.label)).toEqual(['16:00', '20:00', '21 Nov', '04:00', '08:00', '12:00']);
});

test.each(['Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kolkata'])(
  'labels go forward through both changes of the clock in %s',
  (zone) => {
    for (const day of ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01']) {
      const from = at(`${day}T00:00:00Z`) - 30 * HOUR;
      const ticks = timeTicks({ from, to: from + 60 * HOUR }, 12, context(zone));
      const times = ticks.map((tick) => tick.at);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(ticks.length).toBeGreaterThan(5);
    }
  },
);

test('steps in words', () => {
  expect(describeStep(1_800_000, 'en').replace('\u202f', ' ')).toBe('30 min');
  expect(describeStep(24 * HOUR, 'en')).toBe('day');
  expect(describeStep(3 * HOUR, 'zh')).toBe('3 小时');
});
