import { expect, test } from 'vitest';
import { bucketAt, highestOf, type TimeData, toCsv, valueAxis } from './series.ts';

const data: TimeData = {
  times: [0, 10, 20],
  stepMs: 10,
  series: [
    { name: 'a', label: 'A', colour: 'c1', values: [1, null, 3], previous: [9, 0, 0] },
    { name: 'b', label: 'B', colour: 'c2', values: [4, 5, 4] },
  ],
};

test.each([
  [0, 1, 1],
  [0.6, 0.6, 0.2],
  [3, 3, 1],
  [14_600, 15_000, 5_000],
  [58, 60, 20],
  [97, 100, 25],
])('axis for %d', (highest, max, interval) => {
  const axis = valueAxis(highest);
  expect(axis.max).toBeCloseTo(max);
  expect(axis.interval).toBeCloseTo(interval);
});

test('an axis always holds its highest value in two to four lines', () => {
  for (const highest of [0.013, 1, 2, 7, 11, 99.5, 101, 1234, 5e9]) {
    const { max, interval } = valueAxis(highest);
    expect(max).toBeGreaterThanOrEqual(highest - 1e-9);
    expect(max / interval).toBeLessThanOrEqual(4.0001);
    expect(max / interval).toBeGreaterThanOrEqual(1);
  }
});

test('stacked charts need room for the sum', () => {
  expect(highestOf(data, false)).toBe(9);
  expect(highestOf({ ...data, series: data.series.map((one) => ({ ...one, previous: null })) }, true)).toBe(7);
});

test.each([
  [-1, -1],
  [0, 0],
  [19.9, 1],
  [29, 2],
  [30, -1],
])('instant %d lies in bucket %d', (ms, index) => {
  expect(bucketAt(data, ms)).toBe(index);
});

test('CSV quotes what needs it and runs no formula', () => {
  expect(
    toCsv(
      ['a', 'b'],
      [
        ['x,"y"', 1],
        ['=cmd()', null],
      ],
    ),
  ).toBe('a,b\r\n"x,""y""",1\r\n\'=cmd(),');
});
