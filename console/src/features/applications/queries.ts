import { useMutation, useQueryClient } from '@tanstack/react-query';

/** A change of an application; every list of them is asked anew. */
export function useApplicationChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['applications'] }),
  });
}
