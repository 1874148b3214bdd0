import type { Activity, Application } from '../../api/applications.ts';
import type { Courses } from './courses.ts';

export interface Row {
  application: Application;
  /** Unknown until the second answer is there. */
  activity: Activity | undefined;
  /** Events an hour of the last day; unknown until the third is. */
  course: readonly number[] | undefined;
}

const SILENT: readonly number[] = new Array(24).fill(0);

export function rowsOf(
  applications: readonly Application[],
  activity: readonly Activity[] | undefined,
  courses: Courses | undefined,
): Row[] {
  const byId = new Map(activity?.map((one) => [one.app_id, one]));
  return applications.map((application) => ({
    application,
    activity: byId.get(application.app_id),
    course: courses && (courses.get(application.app_id) ?? SILENT),
  }));
}

/** What the address asks for. */
interface Wanted {
  state?: string;
  s?: string;
  sort?: string;
}

export function filterRows(rows: readonly Row[], { state, s, sort = '-rate' }: Wanted): Row[] {
  const text = s?.trim().toLowerCase() ?? '';
  const kept = rows.filter((row) => {
    if (state !== undefined && row.activity?.state !== state) return false;
    return text === '' || textOf(row).includes(text);
  });
  const isDescending = sort.startsWith('-');
  const by = isDescending ? sort.slice(1) : sort;
  const value = (Object.hasOwn(VALUES, by) ? VALUES[by] : undefined) ?? nameOf;
  const direction = isDescending ? -1 : 1;
  return kept.sort((a, b) => direction * compare(value(a), value(b)) || compare(nameOf(a), nameOf(b)));
}

function textOf({ application, activity }: Row): string {
  const sdks = activity?.sdks.map((sdk) => `${sdk.name} ${sdk.version ?? ''}`) ?? [];
  return [application.name, application.app_id, ...sdks].join(' ').toLowerCase();
}

const nameOf = (row: Row) => row.application.name.toLowerCase();

const VALUES: Readonly<Record<string, (row: Row) => string | number>> = {
  name: nameOf,
  type: (row) => row.application.type,
  state: (row) => row.activity?.state ?? '',
  last: (row) => row.activity?.last_event_at ?? '',
  rate: (row) => row.activity?.events_per_minute ?? -1,
  retention: (row) => row.application.retention_days,
};

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}
