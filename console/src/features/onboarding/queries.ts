import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer } from '../../api/types.ts';

export type Onboarding = Answer<'/api/v1/onboarding/{app_id}'>;
export type Refusal = Onboarding['steps']['refusals'][number];
export type View = Onboarding['views'][number];

const EVERY_MS = 1000;
/** While the server does not answer. */
const RETRY_MS = 2000;

/** What the server saw for an application since a time of its own clock; asked every second. */
export function onboardingQuery(app: string, since: string | undefined) {
  return queryOptions({
    queryKey: ['onboarding', 'show', app, since],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/api/v1/onboarding/{app_id}', {
          params: { path: { app_id: app }, query: since === undefined ? {} : { since } },
          signal,
        }),
      ),
    retry: false,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.error === null ? EVERY_MS : RETRY_MS),
  });
}
