import { queryOptions } from '@tanstack/react-query';
import { client } from './client.ts';
import { unwrap } from './problem.ts';
import type { Answer, Item } from './types.ts';

export type Application = Item<'/api/v1/applications'>;
export type Activity = Item<'/api/v1/applications/activity'>;
export type Environment = Item<'/api/v1/environments'>;

const PAGE = 1000;

/** All applications: the picker, the palette and the list want every one of them. */
export const applicationsQuery = queryOptions({
  queryKey: ['applications', 'list'],
  queryFn: async ({ signal }) => {
    const all: Application[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor };
      const page: Answer<'/api/v1/applications'> = await unwrap(
        client.GET('/api/v1/applications', { params: { query }, signal }),
      );
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return all;
  },
});

/** Which of them send, and how much. */
export const activityQuery = queryOptions({
  queryKey: ['applications', 'activity'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/applications/activity', { signal })),
  refetchInterval: 10_000,
  select: (answer) => answer.items,
});

export function environmentsQuery(app: string | undefined, from: string, to: string) {
  const query = app === undefined ? { from, to } : { app, from, to };
  return queryOptions({
    queryKey: ['environments', 'list', query],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/environments', { params: { query }, signal })),
    select: (answer) => answer.items,
  });
}

export type Token = Item<'/api/v1/applications/{app_id}/tokens'>;

export function tokensQuery(app: string) {
  return queryOptions({
    queryKey: ['applications', 'tokens', app],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/api/v1/applications/{app_id}/tokens', {
          params: { path: { app_id: app }, query: { limit: 1000 } },
          signal,
        }),
      ),
    select: (page) => page.items,
  });
}
