import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Item } from '../../api/types.ts';

export type Member = Item<'/api/v1/members'>;
export type Invitation = Item<'/api/v1/invitations'>;
export type ApiKey = Item<'/api/v1/api_keys'>;
export type AuditEntry = Item<'/api/v1/audit_entries'>;
export type OwnSession = Item<'/api/v1/me/sessions'>;

/** A workspace has tens of members and keys, not thousands: one page holds them. */
const query = { limit: 1000 };

export const membersQuery = queryOptions({
  queryKey: ['settings', 'members'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/members', { params: { query }, signal })),
  select: (page) => page.items,
});

export const invitationsQuery = queryOptions({
  queryKey: ['settings', 'invitations'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/invitations', { params: { query }, signal })),
  select: (page) => page.items,
});

export const apiKeysQuery = queryOptions({
  queryKey: ['settings', 'api_keys'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/api_keys', { params: { query }, signal })),
  select: (page) => page.items,
});

export const ownSessionsQuery = queryOptions({
  queryKey: ['settings', 'own_sessions'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/me/sessions', { signal })),
  select: (page) => page.items,
});

export const auditQuery = infiniteQueryOptions({
  queryKey: ['settings', 'audit'],
  queryFn: ({ signal, pageParam }) =>
    unwrap(
      client.GET('/api/v1/audit_entries', {
        params: { query: pageParam === null ? { limit: 100 } : { limit: 100, cursor: Number(pageParam) } },
        signal,
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  select: (data) => data.pages.flatMap((page) => page.items),
});

/** A change of the workspace; every list of this area is asked anew. */
export function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['settings'] }),
  });
}
