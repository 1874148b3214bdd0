import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useRefresh, useScope } from '../ui/scope.tsx';

/** Renews everything in sight. Questions about a relative range are asked anew with the new time; the rest as they are. */
export function useRefreshAll(): () => void {
  const queries = useQueryClient();
  const { refresh } = useRefresh();
  const { to, range } = useScope();
  return useCallback(() => {
    const isMoving = range.kind === 'relative';
    refresh();
    void queries.invalidateQueries({
      predicate: (query) => query.isActive() && !(isMoving && JSON.stringify(query.queryKey).includes(to)),
    });
  }, [queries, refresh, to, range]);
}
