import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer, Item } from '../../api/types.ts';

export type Health = Answer<'/api/v1/intake/health'>;
export type Sdk = Health['by_sdk'][number];
export type Refusal = Health['refusals'][number];
export type Reject = Health['rejects'][number];
export type Sample = Item<'/api/v1/rejects'>;

/** Counters from memory: cheap to ask, and there even when queries fail. */
export const healthQuery = queryOptions({
  queryKey: ['intake', 'health'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/intake/health', { signal })),
  refetchInterval: 5000,
});

const SAMPLES = 500;

/** The newest samples of a reason. The list has no filter of its own. */
export function samplesQuery(reason: string) {
  return queryOptions({
    queryKey: ['intake', 'samples'],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/rejects', { params: { query: { limit: SAMPLES } }, signal })),
    select: (page) => page.items.filter((sample) => sample.reason === reason),
  });
}
