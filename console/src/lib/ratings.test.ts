import { expect, test } from 'vitest';
import { ratingOf } from './ratings.ts';

test.each([
  ['largest_contentful_paint', 2_500_000_000, 'good'],
  ['largest_contentful_paint', 2_500_000_001, 'needs'],
  ['largest_contentful_paint', 4_000_000_000, 'needs'],
  ['largest_contentful_paint', 4_000_000_001, 'poor'],
  ['interaction_to_next_paint', 200_000_000, 'good'],
  ['cumulative_layout_shift', 0.26, 'poor'],
  ['view_loading_time', 1, null],
  ['largest_contentful_paint', null, null],
])('%s of %d is rated %s', (column, value, expected) => {
  expect(ratingOf(column, value)).toBe(expected);
});
