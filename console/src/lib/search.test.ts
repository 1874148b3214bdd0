import { describe, expect, test } from 'vitest';
import {
  addFilter,
  excludeFilter,
  joinFilters,
  printLine,
  quoteValue,
  removeToken,
  replaceToken,
  tokenise,
} from './search.ts';

describe('a line is cut at its top-level terms', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['country:DE  lcp:>2.5s', ['country:DE', 'lcp:>2.5s']],
    ['view_name:"two words" -bot:true', ['view_name:"two words"', '-bot:true']],
    ['duration:[2 TO 8] x', ['duration:[2 TO 8]', 'x']],
    ['country:(DE OR FR) a', ['country:(DE OR FR)', 'a']],
    ['(a:1 OR b:2) -c:3', ['(a:1 OR b:2)', '-c:3']],
    ['a:"say \\"hi there\\"" b', ['a:"say \\"hi there\\""', 'b']],
    ['a:"not closed b:1', ['a:"not closed b:1']],
    ['a\\ b c', ['a\\ b', 'c']],
    ['NOT a:1 AND b:2', ['NOT', 'a:1', 'AND', 'b:2']],
  ])('%s', (line, expected) => {
    expect(tokenise(line).map((token) => token.text)).toEqual(expected);
  });

  test('each token knows its place, kind, field and value', () => {
    const [filter, excluded, words] = tokenise('view_name:"two words"  -@plan:pro timeout');
    expect(filter).toMatchObject({ start: 0, end: 21, kind: 'filter', field: 'view_name', value: 'two words' });
    expect(excluded).toMatchObject({ start: 23, isExcluded: true, field: '@plan', value: 'pro' });
    expect(words).toMatchObject({ kind: 'words', field: null });
  });

  test('a URL typed bare is a word, not a field with a value', () => {
    expect(tokenise('https://shop.example/a')[0]).toMatchObject({ field: 'https' });
    expect(tokenise('"https://shop.example/a"')[0]).toMatchObject({ kind: 'words' });
  });
});

test.each([
  ['DE', 'DE'],
  ['/product/rain-jacket', '/product/rain-jacket'],
  ['/product/?', '"/product/?"'],
  ['two words', '"two words"'],
  ['a:b', '"a:b"'],
  ['-5', '"-5"'],
  ['OR', '"OR"'],
  ['say "hi" \\', '"say \\"hi\\" \\\\"'],
  ['北京', '北京'],
  ['x*', '"x*"'],
  ['', '""'],
])('value %s is written %s', (value, expected) => {
  expect(quoteValue(value)).toBe(expected);
});

test('quoting and reading give the value back', () => {
  for (const value of ['/product/?', 'a "b" \\ c', 'x:(y)', '[1 TO 2]', 'it’s']) {
    expect(tokenise(`f:${quoteValue(value)}`)[0]?.value).toBe(value);
  }
});

describe('editing', () => {
  test('a filter is added once, and takes the place of its opposite', () => {
    expect(addFilter('', 'country', 'DE')).toBe('country:DE');
    expect(addFilter('country:DE', 'country', 'DE')).toBe('country:DE');
    expect(addFilter('a:1 -country:DE', 'country', 'DE')).toBe('a:1 country:DE');
    expect(excludeFilter('country:DE a:1', 'country', 'DE')).toBe('a:1 -country:DE');
  });
  test('an absent value is filtered by absence', () => {
    expect(addFilter('', 'user_id', null)).toBe('-user_id:*');
    expect(excludeFilter('', 'user_id', null)).toBe('user_id:*');
  });
  test('an OR keeps its meaning', () => {
    expect(addFilter('a:1 OR b:2', 'c', '3')).toBe('(a:1 OR b:2) c:3');
    expect(joinFilters('a:1 OR b:2', '', 'c:3')).toBe('(a:1 OR b:2) c:3');
    expect(joinFilters(undefined, 'a:1 OR b:2')).toBe('a:1 OR b:2');
  });
  test('a removed term takes its operator along', () => {
    expect(removeToken('a:1 AND b:2', 0)).toBe('b:2');
    expect(removeToken('a:1 AND b:2', 2)).toBe('a:1');
    expect(removeToken('a:1 OR b:2 OR c:3', 2)).toBe('a:1 OR c:3');
    expect(removeToken('NOT a:1 b:2', 1)).toBe('b:2');
    expect(removeToken('a:1', 0)).toBe('');
  });
  test('a term is replaced in its place', () => {
    expect(replaceToken('a:1 b:2 c:3', 1, 'b:"x y"')).toBe('a:1 b:"x y" c:3');
    expect(replaceToken('a:1 b:2', 1, ' ')).toBe('a:1');
  });
});

test('printing is stable', () => {
  for (const line of ['  a:1   b:"x  y" ', '(a OR b)  c', 'x:[1  TO 2]']) {
    const printed = printLine(line);
    expect(printLine(printed)).toBe(printed);
    expect(tokenise(printed).map((token) => token.text)).toEqual(tokenise(line).map((token) => token.text));
  }
});
