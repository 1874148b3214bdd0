import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Item } from '../../api/types.ts';

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

/** A change of an application; every list of them is asked anew. */
export function useApplicationChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['applications'] }),
  });
}
