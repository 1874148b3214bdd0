import { queryOptions } from '@tanstack/react-query';
import { client } from './client.ts';
import { unwrap } from './problem.ts';
import type { Answer } from './types.ts';

export type SessionState = Answer<'/api/v1/session'>;
export type Role = NonNullable<SessionState['member']>['role'];

/** Who is signed in. Every screen needs it, so it is asked once and renewed by sign-in and sign-out. */
export const sessionQuery = queryOptions({
  queryKey: ['session', 'state'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/session', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

const RANK: Record<Role, number> = { viewer: 0, member: 1, admin: 2, owner: 3 };

export function mayAct(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && RANK[role] >= RANK[needed];
}
