/** Reading of typed time ranges, English and Chinese. `range.ts` says what they mean as a range. */
import { addDays, instantOf, startOfDay, wallOf } from './zone.ts';

const UNIT_OF: Readonly<Record<string, string>> = {
  m: 'm',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  分: 'm',
  分钟: 'm',
  h: 'h',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  小时: 'h',
  个小时: 'h',
  d: 'd',
  day: 'd',
  days: 'd',
  天: 'd',
  日: 'd',
  w: 'w',
  week: 'w',
  weeks: 'w',
  周: 'w',
  星期: 'w',
  个星期: 'w',
  mo: 'mo',
  month: 'mo',
  months: 'mo',
  月: 'mo',
  个月: 'mo',
};

const CHINESE_DIGITS: Readonly<Record<string, string>> = {
  一: '1',
  两: '2',
  二: '2',
  三: '3',
  四: '4',
  五: '5',
  六: '6',
  七: '7',
  八: '8',
  九: '9',
  十: '10',
};

const RELATIVE =
  /^(?:(?:the )?(?:last|past) |最近|过去|近)?\s*(\d{1,5}|[一二两三四五六七八九十])?\s*([a-z]+|[\u4e00-\u9fff]+)$/;

/** Relative ranges in their short form (`3d`, `today`), or null. */
export function parseWhole(text: string): string | null {
  const plain = normalise(text);
  if (plain === 'today' || plain === '今天' || plain === '今日') return 'today';
  if (plain === 'yesterday' || plain === '昨天' || plain === '昨日') return 'yesterday';
  const match = RELATIVE.exec(plain);
  if (match === null) return null;
  const unit = UNIT_OF[match[2] ?? ''];
  if (unit === undefined) return null;
  const digits = match[1] ?? (/last|past|最近|过去/.test(plain) ? '1' : '');
  const amount = Number(CHINESE_DIGITS[digits] ?? digits);
  return amount >= 1 ? `${amount}${unit}` : null;
}

function normalise(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\s+/g, ' ');
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

interface Point {
  readonly day: Day | null;
  readonly clock: Clock | null;
}

type Mistake = 'unreadable' | 'no_end';

/** Ranges with dates or clock times, as instants; to is exclusive. */
export function parseSpan(text: string, now: number, zone: string): { from: number; to: number } | Mistake {
  const plain = normalise(text);
  const since = /^(?:since |自)?(.*?)(?:以来|至今|到现在| to now| until now)?$/.exec(plain);
  if (since?.[1] !== undefined && since[1] !== plain && since[1] !== '') {
    const start = readPoint(since[1], now, zone);
    return start === null ? 'unreadable' : { from: instant(start, now, zone), to: now };
  }
  const [left = '', right, ...more] = sides(plain);
  const start = readPoint(left, now, zone);
  if (start === null || more.length > 0) return 'unreadable';
  if (right === undefined) {
    if (start.day === null) return 'unreadable';
    if (start.clock !== null) return 'no_end';
    return { from: instant(start, now, zone), to: endOf(start.day, zone) };
  }
  const end = readPoint(right, now, zone);
  if (end === null) return 'unreadable';
  const endDay = end.day ?? start.day ?? dayOf(now, zone);
  const to = end.clock === null ? endOf(endDay, zone) : instantOf({ ...endDay, ...end.clock }, zone);
  return { from: instant(start, now, zone), to };
}

/** The two sides of `a to b`, `a – b`, `a 到 b`. A hyphen inside an ISO date does not separate. */
function sides(plain: string): string[] {
  return plain
    .replace(/(\d{4})-(\d{1,2})-(\d{1,2})/g, '$1/$2/$3')
    .replace(/^(?:from |between |从)/, '')
    .split(/\s*(?:[–—~～-]|\bto\b|\buntil\b|\band\b|到|至)\s*/)
    .filter((side) => side !== '');
}

const NAMES = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const MONTHS = NAMES.split('|');
const DAYS: readonly (readonly [RegExp, (match: RegExpExecArray, now: number, zone: string) => Day])[] = [
  [/^(?:today|今天|今日)\s*/, (_, now, zone) => dayOf(now, zone)],
  [/^(?:yesterday|昨天|昨日)\s*/, (_, now, zone) => dayOf(addDays(startOfDay(now, zone), -1, zone), zone)],
  [/^前天\s*/, (_, now, zone) => dayOf(addDays(startOfDay(now, zone), -2, zone), zone)],
  [/^(\d{4})\/(\d{1,2})\/(\d{1,2})[t ]?\s*/, (m) => ({ year: Number(m[1]), month: Number(m[2]), day: Number(m[3]) })],
  [
    /^(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]?\s*/,
    (m, now, zone) => withYear(m[1], Number(m[2]), Number(m[3]), now, zone),
  ],
  [
    new RegExp(`^(\\d{1,2})(?:st|nd|rd|th)? (${NAMES})[a-z]*\\.?(?: (\\d{4}))?,?\\s*`),
    (m, now, zone) => withYear(m[3], MONTHS.indexOf(m[2] ?? '') + 1, Number(m[1]), now, zone),
  ],
  [
    new RegExp(`^(${NAMES})[a-z]*\\.? (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?,?\\s*`),
    (m, now, zone) => withYear(m[3], MONTHS.indexOf(m[1] ?? '') + 1, Number(m[2]), now, zone),
  ],
];

function readPoint(text: string, now: number, zone: string): Point | null {
  const iso = text.replace(/^(\d{4})-(\d{1,2})-(\d{1,2})/, '$1/$2/$3');
  for (const [pattern, read] of DAYS) {
    const match = pattern.exec(iso);
    if (match === null) continue;
    const day = read(match, now, zone);
    const rest = iso.slice(match[0].length);
    const clock = rest === '' ? null : readClock(rest);
    if (!exists(day) || (rest !== '' && clock === null)) return null;
    return { day, clock };
  }
  const clock = readClock(iso);
  return clock === null ? null : { day: null, clock };
}

const CLOCK = /^(\d{1,2})(?:(?::|点|时)(\d{1,2})?(半)?(?::(\d{2})|分)?)?\s*(am|pm)?$/;

function readClock(text: string): Clock | null {
  const match = CLOCK.exec(text);
  if (match === null) return null;
  const [, hours, minutes, half, seconds, noon] = match;
  let hour = Number(hours);
  if (noon !== undefined) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (noon === 'pm' ? 12 : 0);
  }
  const minute = half === undefined ? Number(minutes ?? 0) : 30;
  const second = Number(seconds ?? 0);
  // 24:00 is the end of the day.
  if (hour > 24 || minute > 59 || second > 59 || (hour === 24 && minute + second > 0)) return null;
  return { hour, minute, second };
}

function exists({ year, month, day }: Day): boolean {
  const made = new Date(Date.UTC(year, month - 1, day));
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day;
}

/** Without a year the last such day is meant: in January, "24 Dec" was a month ago. */
function withYear(year: string | undefined, month: number, day: number, now: number, zone: string): Day {
  if (year !== undefined) return { year: Number(year), month, day };
  const today = wallOf(now, zone);
  const ahead = month > today.month || (month === today.month && day > today.day);
  return { year: ahead ? today.year - 1 : today.year, month, day };
}

function dayOf(ms: number, zone: string): Day {
  const { year, month, day } = wallOf(ms, zone);
  return { year, month, day };
}

const MIDNIGHT: Clock = { hour: 0, minute: 0, second: 0 };

function instant(point: Point, now: number, zone: string): number {
  return instantOf({ ...(point.day ?? dayOf(now, zone)), ...(point.clock ?? MIDNIGHT) }, zone);
}

function endOf(day: Day, zone: string): number {
  return instantOf({ ...day, ...MIDNIGHT, day: day.day + 1 }, zone);
}
