import { expect, test } from 'vitest';
import { formatCountry } from './regions.ts';

test.each([
  ['DE', 'Germany', 'en', 'Germany'],
  ['DE', 'Germany', 'zh', '德国'],
  ['ZZZ', 'Atlantis', 'zh', 'Atlantis'],
  [null, 'Germany', 'zh', 'Germany'],
  ['DE', null, 'zh', '德国'],
  [null, null, 'zh', null],
] as const)('%s %s in %s is %s', (code, name, language, shown) => {
  expect(formatCountry(code, name, language)).toBe(shown);
});
