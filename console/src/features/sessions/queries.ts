import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer } from '../../api/types.ts';
import { withoutAbsent } from '../../ui/routing.ts';

export type SessionAnswer = Answer<'/api/v1/sessions/{session_id}'>;
export type SessionEvent = SessionAnswer['events'][number];
export type Fields = Readonly<Record<string, unknown>>;

export function sessionQuery(sessionId: string, app: string | undefined) {
  return queryOptions({
    queryKey: ['sessions', 'session', sessionId, app],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/api/v1/sessions/{session_id}', {
          params: { path: { session_id: sessionId }, query: withoutAbsent({ app }) },
          signal,
        }),
      ),
  });
}

/** All fields of one event: the session's answer has only the main ones. */
export function eventQuery(table: string, eventId: string, app: string | undefined) {
  return queryOptions({
    queryKey: ['sessions', 'event', table, eventId, app],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/api/v1/events/{table}/{event_id}', {
          params: { path: { table, event_id: eventId }, query: withoutAbsent({ app }) },
          signal,
        }),
      ),
  });
}
