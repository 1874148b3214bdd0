import { expect, test } from 'vitest';
import { coursesOf } from './courses.ts';

const from = Date.parse('2026-11-20T13:50:00Z');

test('hours without a row are zero, those outside of the day are left out', () => {
  const courses = coursesOf(
    [
      ['shop', '2026-11-20T13:50:00.000000Z', 7],
      ['shop', '2026-11-21T12:50:00.000000Z', '9007199254740993'],
      ['shop', '2026-11-21T13:50:00.000000Z', 5],
      ['docs', '2026-11-20T15:50:00.000000Z', 1],
    ],
    from,
  );
  expect(courses.get('shop')).toEqual([7, ...new Array(22).fill(0), 9007199254740992]);
  expect(courses.get('docs')?.indexOf(1)).toBe(2);
  expect(courses.get('console')).toBeUndefined();
});
