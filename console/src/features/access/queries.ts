import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { type SessionState, sessionQuery } from '../../api/session.ts';

export function invitationQuery(token: string) {
  return queryOptions({
    queryKey: ['access', 'invitation', token],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/invitations/accept', { params: { query: { token } }, signal })),
    retry: false,
  });
}

/** A way in: what it is given becomes a session, and the way goes on to `next`. */
export function useEnter<Input>(enter: (input: Input) => Promise<SessionState>, next: string | undefined) {
  const queries = useQueryClient();
  const router = useRouter();
  return useMutation({
    mutationFn: enter,
    onSuccess: async (session) => {
      // What somebody else saw in this tab must not be there for a moment.
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      await router.navigate({ to: ownPath(next), replace: true });
    },
  });
}

/** Only paths of our own: `//elsewhere.example` and `https:` would lead away. */
export function ownPath(next: string | undefined): string {
  return next?.startsWith('/') === true && !/^\/[/\\]/.test(next) ? next : '/';
}
