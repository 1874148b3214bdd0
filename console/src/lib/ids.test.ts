import { expect, test } from 'vitest';
import { cutMiddle, shortId } from './ids.ts';

test('ids keep their first 8 and last 4 characters', () => {
  expect(shortId('c91b40e2-7d1a-4f0e-9c55-0b6d5a57e8c3')).toBe('c91b40e2…e8c3');
  expect(shortId('short-id')).toBe('short-id');
});

test('a path is cut in its middle and loses nothing', () => {
  const path = 'https://shop.lindenmarkt.example/product/rain-jacket-41951';
  expect(cutMiddle(path).join('')).toBe(path);
  expect(cutMiddle(path)[1]).toBe('/rain-jacket-41951');
  expect(cutMiddle('/cart')).toEqual(['', '/cart']);
});
