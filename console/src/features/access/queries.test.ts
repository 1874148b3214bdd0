import { expect, test } from 'vitest';
import { ownPath } from './queries.ts';

test('after sign-in the way goes on only inside the console', () => {
  expect(ownPath('/explore/view?q=a')).toBe('/explore/view?q=a');
  expect(ownPath('//evil.example/')).toBe('/');
  expect(ownPath('/\\evil.example')).toBe('/');
  expect(ownPath('https://evil.example')).toBe('/');
  expect(ownPath(undefined)).toBe('/');
});
