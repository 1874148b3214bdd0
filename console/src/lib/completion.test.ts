import { expect, test } from 'vitest';
import { charOfByte, matchingFields, readDraft, resolveField, valuesStatement, withValue } from './completion.ts';

const FIELDS = [
  { name: 'view_name', aliases: ['view.name'], facet: false },
  { name: 'country', aliases: ['geo_country'], facet: true },
  { name: 'largest_contentful_paint', aliases: ['lcp'], facet: false },
  { name: 'browser_name', aliases: [], facet: true },
];
const names = (typed: string) => matchingFields(FIELDS, typed, 10).map((field) => field.name);

test.each([
  ['cou', { sign: '', field: 'cou', value: null }],
  ['-country:', { sign: '-', field: 'country', value: '' }],
  ['view_name:"two wo', { sign: '', field: 'view_name', value: 'two wo' }],
])('%s is read as a draft', (text, expected) => {
  expect(readDraft(text)).toEqual(expected);
});

test('fields that begin with the text come before those that contain it', () => {
  expect(names('view')).toEqual(['view_name']);
  expect(names('name')).toEqual(['browser_name', 'view_name']);
  expect(names('lcp')).toEqual(['largest_contentful_paint']);
  expect(names('')).toEqual(['country', 'browser_name', 'view_name', 'largest_contentful_paint']);
  expect(names('zzz')).toEqual([]);
});

test('a field is known by name and alias', () => {
  expect(resolveField(FIELDS, 'lcp')?.name).toBe('largest_contentful_paint');
  expect(resolveField(FIELDS, 'nothing')).toBeUndefined();
});

test('a chosen value is quoted where it must be', () => {
  expect(withValue(readDraft('-view_name:pro'), '/product/?')).toBe('-view_name:"/product/?"');
});

test('positions of the server are bytes', () => {
  const text = '城市:北京 x:y';
  expect(text.slice(charOfByte(text, 14), charOfByte(text, 17))).toBe('x:y');
  expect(charOfByte('abc', 2)).toBe(2);
  expect(charOfByte('abc', 99)).toBe(3);
});

test('the values of a column are counted among the rows of the list, not of its page', () => {
  const list =
    "SELECT app_id,\n  os_name\nFROM view\nWHERE app_id = 'shop'\n  AND (path = '\nORDER BY x')\nORDER BY time DESC NULLS LAST\nLIMIT 1";
  const rows = list.slice(0, list.lastIndexOf('\nORDER BY'));
  expect(valuesStatement(list, 'os_name', 9)).toBe(
    `SELECT "os_name" AS value, count(*) AS n FROM (${rows}) WHERE "os_name" IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 9`,
  );
});

test('a statement of another form gives no values rather than wrong ones', () => {
  expect(valuesStatement('SELECT os_name FROM view', 'os_name', 9)).toBeNull();
});
