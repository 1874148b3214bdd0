import { queryOptions } from '@tanstack/react-query';
import { client } from './client.ts';
import { unwrap } from './problem.ts';
import type { Answer } from './types.ts';

export type Dictionary = Answer<'/api/v1/dictionary'>;
export type TableEntry = Dictionary['tables'][number];
export type ColumnEntry = TableEntry['columns'][number];

/** Tables and columns of this server; they change only with its version. */
export const dictionaryQuery = queryOptions({
  queryKey: ['dictionary'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/dictionary', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
});

export function columnsOf(dictionary: Dictionary | undefined, table: string): readonly ColumnEntry[] {
  return dictionary?.tables.find((entry) => entry.name === table)?.columns ?? [];
}
