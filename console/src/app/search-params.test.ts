import { expect, test } from 'vitest';
import { parseSearch, stringifySearch } from './search-params.ts';

test('a filter survives the way through the address', () => {
  const search = { q: 'view_url_path:"/a b" -country:DE @plan:"50%+"', app: 'shop', from: '2026-11-14T13:00:00Z' };
  expect(parseSearch(stringifySearch(search))).toEqual(search);
});

test('texts that look like numbers or JSON stay texts', () => {
  expect(parseSearch('?app=123&q=true&open={}')).toEqual({ app: '123', q: 'true', open: '{}' });
});

test('absent values leave no trace', () => {
  expect(stringifySearch({ app: undefined, q: undefined })).toBe('');
});

test('a name of the prototype is an ordinary name', () => {
  expect(Object.keys(parseSearch('?constructor=a&constructor=b'))).toEqual(['constructor']);
});
