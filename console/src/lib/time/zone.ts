/**
 * Wall-clock arithmetic in any IANA zone, from `Intl` alone: half-hour zones, half-hour summer time (Lord Howe) and
 * days of 23 or 25 hours come out right because every step goes through the zone's own rules.
 */

export interface Wall {
  readonly year: number;
  /** 1–12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let made = FORMATS.get(zone);
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    FORMATS.set(zone, made);
  }
  return made;
}

export function viewerZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function isZone(zone: string): boolean {
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}

/** What a clock on the wall shows at an instant. */
export function wallOf(ms: number, zone: string): Wall {
  const wall = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const part of format(zone).formatToParts(ms)) {
    if (part.type in wall) Object.assign(wall, { [part.type]: Number(part.value) });
  }
  return wall;
}

/** Wall clock minus UTC, in ms. */
export function offsetAt(ms: number, zone: string): number {
  const wall = wallOf(ms, zone);
  return asUtc(wall) - Math.floor(ms / 1000) * 1000;
}

function asUtc(wall: Wall): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
}

/**
 * The instant at which the wall shows this. A time that summer time skips moves forward by the gap; one that occurs
 * twice means its first occurrence.
 */
export function instantOf(wall: Wall, zone: string): number {
  const utc = asUtc(wall);
  const before = offsetAt(utc - DAY, zone);
  const after = offsetAt(utc + DAY, zone);
  const first = utc - before;
  if (offsetAt(first, zone) === before) return first;
  const second = utc - after;
  return offsetAt(second, zone) === after ? second : first;
}

const DAY = 86_400_000;

export function startOfDay(ms: number, zone: string): number {
  const { year, month, day } = wallOf(ms, zone);
  return instantOf({ year, month, day, hour: 0, minute: 0, second: 0 }, zone);
}

/** The same wall time some days later, over any change of the clock. */
export function addDays(ms: number, days: number, zone: string): number {
  const wall = wallOf(ms, zone);
  return instantOf({ ...wall, day: wall.day + days }, zone);
}

/** `UTC+8`, `UTC+5:30`, `UTC`. */
export function zoneLabel(ms: number, zone: string): string {
  const minutes = Math.round(offsetAt(ms, zone) / 60_000);
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`;
}
