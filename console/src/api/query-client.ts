import { QueryClient } from '@tanstack/react-query';
import { isProblem } from './problem.ts';

/** Server answers live here and nowhere else. Busy and unreachable servers are asked once more; a refusal is final. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 1 && isProblem(error) && (error.status === 0 || error.status === 503),
      },
    },
  });
}
