import { expect, test } from 'vitest';
import { isSureDifference } from './sure.ts';

test.each([
  [0.9731, 128_450, 0.9843, 122_217, true],
  [0.97, 40, 0.98, 40, false],
  [0.97, 1_000_000, 0.97, 1_000_000, false],
  [1, 3, 0, 3, false],
  [0.5, 0, 0.4, 10, false],
])('%d of %d against %d of %d', (share, n, previous, previousN, expected) => {
  expect(isSureDifference(share, n, previous, previousN)).toBe(expected);
});
