import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer } from '../../api/types.ts';

export type ServerStatus = Answer<'/api/v1/status'>;

export const statusQuery = queryOptions({
  queryKey: ['status', 'show'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/status', { signal })),
  refetchInterval: 5000,
});
