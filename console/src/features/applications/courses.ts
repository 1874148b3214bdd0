import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;
/** A day changes slowly, and all of it is read. */
const EVERY_MS = 5 * 60_000;
const TABLES = ['view', 'resource', 'action', 'long_task', 'error', 'vital', 'log', 'span'];

/** Events an hour of the last day, by application: the last hour ends now, so that none is cut short. */
export type Courses = ReadonlyMap<string, readonly number[]>;

const EVENTS = TABLES.map((table) => `SELECT app_id, time FROM ${table}`).join(' UNION ALL ');
// Without a limit of its own the server answers 10,000 rows: those of 400 applications.
const SQL = `SELECT app_id, date_bin(INTERVAL '1 hour', time, CAST($1 AS TIMESTAMP)) AS hour, count(*) AS n FROM (${EVENTS}) GROUP BY 1, 2 LIMIT 100000`;

/** One question for the whole list. */
export const coursesQuery = queryOptions({
  queryKey: ['applications', 'courses'],
  queryFn: async ({ signal }): Promise<Courses> => {
    const now = Date.now();
    const to = new Date(now).toISOString();
    const from = new Date(now - HOURS * HOUR_MS).toISOString();
    const body = { sql: SQL, params: [from], from, to };
    const answer = await unwrap(client.POST('/api/v1/query', { body, signal }));
    return coursesOf(answer.rows, Date.parse(from));
  },
  staleTime: EVERY_MS,
  refetchInterval: EVERY_MS,
});

/** Rows of application, begin of the hour and count. Hours without events have no row. */
export function coursesOf(rows: readonly (readonly unknown[])[], from: number): Courses {
  const courses = new Map<string, number[]>();
  for (const [app, hour, n] of rows) {
    const index = Math.round((Date.parse(String(hour)) - from) / HOUR_MS);
    if (index < 0 || index >= HOURS) continue;
    const course = courses.get(String(app)) ?? new Array<number>(HOURS).fill(0);
    course[index] = Number(n);
    courses.set(String(app), course);
  }
  return courses;
}
