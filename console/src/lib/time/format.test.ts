import { expect, test } from 'vitest';
import { formatAgo, formatClock, formatOffset, formatRange, formatTime } from './format.ts';

const now = Date.parse('2026-11-21T14:00:00Z');
const en = { language: 'en' as const, timeZone: 'UTC', now };
const zh = { language: 'zh' as const, timeZone: 'Asia/Shanghai', now };
const at = (text: string) => Date.parse(text);

test('a time has its day, and its year only when it is another', () => {
  expect(formatTime(at('2026-11-21T13:58:41.207Z'), en)).toBe('21 Nov 13:58');
  expect(formatTime(at('2025-12-31T13:58:41.207Z'), en)).toBe('31 Dec 2025 13:58');
  expect(formatTime(at('2026-11-21T05:58:41.207Z'), zh)).toBe('11月21日 13:58');
  expect(formatTime(at('2025-11-21T05:58:41.207Z'), zh)).toBe('2025年11月21日 13:58');
});

test('the clock goes down to milliseconds', () => {
  expect(formatClock(at('2026-11-21T13:58:41.007Z'), en)).toBe('13:58:41.007');
});

test('a range within a day names the day once', () => {
  expect(formatRange(at('2026-11-20T14:00:00Z'), now, en)).toBe('20 Nov 14:00 – 21 Nov 14:00');
  expect(formatRange(at('2026-11-21T09:00:00Z'), now, en)).toBe('21 Nov 09:00 – 14:00');
  expect(formatRange(now - 60_000, now - 1000, en)).toBe('21 Nov 13:59:00 – 13:59:59');
});

test.each([
  [now - 12_000, '12 s ago', '12 秒前'],
  [now - 150_000, '2 min ago', '2 分钟前'],
  [now - 3 * 86_400_000, '3 d ago', '3 天前'],
  [now + 5_000, 'just now', '刚刚'],
])('age of %d', (ms, english, chinese) => {
  expect(formatAgo(ms, now, 'en')).toBe(english);
  expect(formatAgo(ms, now, 'zh')).toBe(chinese);
});

test.each([
  [0, '0:00'],
  [323_000, '5:23'],
  [3_723_000, '1:02:03'],
])('%d ms into a session', (ms, expected) => {
  expect(formatOffset(ms)).toBe(expected);
});
