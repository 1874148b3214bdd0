import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer } from '../../api/types.ts';
import { withoutAbsent } from '../../ui/routing.ts';
import type { Scope } from '../../ui/scope.tsx';

export type EventPage = Answer<'/api/v1/events/{table}'>;

const ROWS_A_PAGE = 100;

export interface AskedList {
  readonly table: string;
  readonly scope: Scope;
  readonly q: string | undefined;
  readonly sort: string;
  readonly columns: readonly string[];
  readonly snapshot: string | undefined;
}

/** A list page by page. The cursor carries the snapshot of the first page, so rows neither repeat nor go missing. */
export function eventsQuery({ table, scope, q, sort, columns, snapshot }: AskedList) {
  const { app, env, from, to } = scope;
  const query = {
    from,
    to,
    sort,
    columns: columns.join(','),
    limit: ROWS_A_PAGE,
    ...withoutAbsent({ app, env, q, snapshot }),
  };
  return infiniteQueryOptions({
    queryKey: ['explorers', 'events', table, query],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        client.GET('/api/v1/events/{table}', {
          params: { path: { table }, query: { ...query, ...withoutAbsent({ cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}

function firstPage(): string | undefined {
  return undefined;
}

/** How many rows a filter finds: the way out of an empty list. */
export function countQuery(table: string, scope: Scope, q: string) {
  const { app, env, from, to } = scope;
  const query = { from, to, limit: 1, columns: 'time', ...withoutAbsent({ app, env, q: q === '' ? undefined : q }) };
  return queryOptions({
    queryKey: ['explorers', 'count', table, query],
    queryFn: async ({ signal }) => {
      const page = await unwrap(client.GET('/api/v1/events/{table}', { params: { path: { table }, query }, signal }));
      return page.total;
    },
  });
}

export function eventQuery(table: string, app: string, eventId: string) {
  return queryOptions({
    queryKey: ['explorers', 'event', table, app, eventId],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/api/v1/events/{table}/{event_id}', {
          params: { path: { table, event_id: eventId }, query: { app } },
          signal,
        }),
      ),
  });
}
