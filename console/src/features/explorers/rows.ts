/** Rows of a list as objects, and the address of one. */
import type { EventPage } from './queries.ts';

export interface EventRow {
  readonly app: string;
  readonly id: string;
  /** `app:id`, as in the address. */
  readonly key: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export function rowsOf(pages: readonly EventPage[]): EventRow[] {
  return pages.flatMap((page) =>
    page.rows.map((cells) => {
      const values: Record<string, unknown> = {};
      page.columns.forEach((column, index) => {
        values[column.name] = cells[index] ?? null;
      });
      const app = String(values.app_id ?? '');
      const id = String(values.event_id ?? '');
      return { app, id, key: `${app}:${id}`, values };
    }),
  );
}

/** An application id has no colon, an event id may. */
export function parseKey(key: string): { app: string; id: string } | null {
  const colon = key.indexOf(':');
  return colon < 1 ? null : { app: key.slice(0, colon), id: key.slice(colon + 1) };
}
