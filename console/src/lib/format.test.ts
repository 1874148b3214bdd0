import { describe, expect, test } from 'vitest';
import {
  formatChange,
  formatCount,
  formatCountShort,
  formatDuration,
  formatScore,
  formatShare,
  formatShareRough,
  formatSize,
  formatValue,
  type Unit,
} from './format.ts';
import type { Language } from './text/message.ts';

/** Expectations are written with plain spaces; the formatter sets thin no-break ones. */
const spaces = (text: string) => text.replaceAll('\u202f', ' ');

describe('durations keep three significant digits', () => {
  const cases: [number, string, string][] = [
    [0, '0 ms', '0 ms'],
    [400, '0.4 µs', '0.4 µs'],
    [12_000, '12 µs', '12 µs'],
    [400_000, '0.4 ms', '0.4 ms'],
    [1_500_000, '1.5 ms', '1.5 ms'],
    [184_000_000, '184 ms', '184 ms'],
    [999_400_000, '999 ms', '999 ms'],
    [999_600_000, '1.00 s', '1.00 s'],
    [1_240_000_000, '1.24 s', '1.24 s'],
    [9_996_000_000, '10.0 s', '10.0 s'],
    [12_400_000_000, '12.4 s', '12.4 s'],
    [59_960_000_000, '1 min', '1 分'],
    [125_000_000_000, '2 min 5 s', '2 分 5 秒'],
    [3_599_700_000_000, '1 h', '1 小时'],
    [11_400_000_000_000, '3 h 10 min', '3 小时 10 分'],
    [93_600_000_000_000, '1 d 2 h', '1 天 2 小时'],
    [-1_240_000_000, '−1.24 s', '−1.24 s'],
  ];
  test.each(cases)('%d ns', (ns, en, zh) => {
    expect(spaces(formatDuration(ns, 'en'))).toBe(en);
    expect(spaces(formatDuration(ns, 'zh'))).toBe(zh);
  });
});

test.each([
  [0, '0 B'],
  [812, '812 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [3_100_000, '3.1 MB'],
  [999_960_000, '1.0 GB'],
  [84_200_000_000, '84.2 GB'],
])('size of %d bytes', (bytes, expected) => {
  expect(spaces(formatSize(bytes))).toBe(expected);
});

test.each([
  [0, '0'],
  [412_806, '412,806'],
  [-3, '−3'],
  [1.5, '1.50'],
])('count of %d', (value, expected) => {
  expect(formatCount(value)).toBe(expected);
});

test.each<[number, string, string]>([
  [0, '0', '0'],
  [950, '950', '950'],
  [4_000, '4 k', '4,000'],
  [12_400, '12.4 k', '1.2 万'],
  [1_200_000, '1.2 M', '120 万'],
  [120_000_000, '120 M', '1.2 亿'],
])('short count of %d', (value, en, zh) => {
  expect(spaces(formatCountShort(value, 'en'))).toBe(en);
  expect(spaces(formatCountShort(value, 'zh'))).toBe(zh);
});

test.each<[number, string, string]>([
  [0, '0 %', '0%'],
  [1, '100 %', '100%'],
  [0.9731, '97.31 %', '97.31%'],
  [0.0004, '0.04 %', '0.04%'],
  [0.00003, '< 0.01 %', '< 0.01%'],
  [0.99996, '> 99.99 %', '> 99.99%'],
])('share of %d', (share, en, zh) => {
  expect(spaces(formatShare(share, 'en'))).toBe(en);
  expect(spaces(formatShare(share, 'zh'))).toBe(zh);
});

test('rough shares never round to all or nothing', () => {
  expect(spaces(formatShareRough(0.779, 'en'))).toBe('77.9 %');
  expect(spaces(formatShareRough(0.9996, 'en'))).toBe('> 99.9 %');
  expect(spaces(formatShareRough(0.0004, 'zh'))).toBe('< 0.1%');
});

test('scores have two decimals', () => {
  expect(formatScore(0.063)).toBe('0.06');
});

test.each<[number, number, Unit, Language, string, string]>([
  [1062, 1000, 'count', 'en', '▲ 6.2 %', 'up 6.2 %'],
  [970, 1000, 'ns', 'en', '▼ 3.0 %', 'down 3.0 %'],
  [1062, 1000, 'count', 'zh', '▲ 6.2%', '上升6.2%'],
  [0.9731, 0.9843, 'share', 'en', '▼ 1.12 pt', 'down 1.12 percentage points'],
  [0.9731, 0.9843, 'share', 'zh', '▼ 1.12 个百分点', '下降1.12 个百分点'],
  [0.06, 0.06, 'score', 'en', '0.00', 'no change'],
  [0.11, 0.06, 'score', 'en', '▲ 0.05', 'up 0.05'],
  [5, 5, 'count', 'en', '0 %', 'no change'],
  [0, 0, 'count', 'zh', '0%', '没有变化'],
  [7, 0, 'count', 'en', 'new', 'new'],
  [7, 0, 'count', 'zh', '新增', '新增'],
  [3000, 1000, 'count', 'en', '▲ 200 %', 'up 200 %'],
])('change of %d from %d as %s (%s)', (value, previous, unit, language, text, words) => {
  const change = formatChange(value, previous, unit, language);
  expect(spaces(change.text)).toBe(text);
  expect(spaces(change.words)).toBe(words);
});

describe('a cell is written from its column', () => {
  const context = { language: 'en' as const, timeZone: 'UTC', now: Date.UTC(2026, 10, 21, 14) };
  test.each<[unknown, { unit?: string; type?: string }, string]>([
    [null, { type: 'integer', unit: 'ns' }, '—'],
    [0, { type: 'integer', unit: 'ns' }, '0 ms'],
    [0, { type: 'integer' }, '0'],
    ['9007199254740993', { type: 'integer', unit: 'B' }, '9.0 PB'],
    [5, { type: 'number', unit: '%' }, '5.00 %'],
    [3.1, { type: 'number', unit: 'kbit/s' }, '3.10 kbit/s'],
    [true, { type: 'boolean' }, 'true'],
    ['2026-11-21T13:58:41.207000Z', { type: 'timestamp' }, '21 Nov 13:58:41.207'],
    [['rage_click', 'dead_click'], { type: 'list' }, 'rage_click, dead_click'],
    ['<b>x</b>', { type: 'string' }, '<b>x</b>'],
  ])('%j', (value, column, expected) => {
    expect(spaces(formatValue(value, column, context))).toBe(expected);
  });
});
