import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { client } from '../../api/client.ts';
import { type ColumnEntry, columnsOf, dictionaryQuery } from '../../api/dictionary.ts';
import { unwrap } from '../../api/problem.ts';
import { matchingFields, readDraft, resolveField, withValue } from '../../lib/completion.ts';
import { formatCount } from '../../lib/format.ts';
import { useScope } from '../scope.tsx';

export interface Suggestion {
  /** What the draft becomes. */
  readonly text: string;
  readonly label: string;
  readonly note: string;
  /** A whole term: choosing it adds it. */
  readonly isWhole: boolean;
}

const FIELDS_SHOWN = 12;
const VALUES_SHOWN = 10;

/** Fields for a draft without a colon, the most frequent values of the field after it. */
export function useSuggestions(table: string, text: string, isActive: boolean): readonly Suggestion[] {
  const { app, from, to } = useScope();
  const dictionary = useQuery({ ...dictionaryQuery, enabled: isActive });
  const columns = useMemo(() => columnsOf(dictionary.data, table), [dictionary.data, table]);
  const draft = readDraft(text);
  const column = draft.value === null ? undefined : resolveField(columns, draft.field);
  const values = useQuery({
    ...valuesQuery({ table, column: column?.name ?? '', app, from, to }),
    enabled: isActive && column !== undefined && hasValues(column),
  });
  if (!isActive) return [];
  if (draft.value === null) {
    return matchingFields(columns, draft.field, FIELDS_SHOWN).map((field) => ({
      text: `${draft.sign}${field.name}:`,
      label: field.name,
      note: field.doc,
      isWhole: false,
    }));
  }
  if (column === undefined) return [];
  const typed = draft.value.toLowerCase();
  return (values.data ?? [])
    .filter(({ value }) => value.toLowerCase().includes(typed))
    .map(({ value, count }) => ({
      text: withValue(draft, value),
      label: value,
      note: formatCount(count),
      isWhole: true,
    }));
}

/** Numbers and times have too many values to list; they are compared, not picked. */
function hasValues(column: ColumnEntry): boolean {
  return column.facet || column.type === 'boolean' || column.type === 'string';
}

interface Asked {
  readonly table: string;
  readonly column: string;
  readonly app: string | undefined;
  readonly from: string;
  readonly to: string;
}

/** Table and column are names of the dictionary, never typed text; the application travels as a parameter. */
function valuesQuery({ table, column, app, from, to }: Asked) {
  const scope = app === undefined ? '' : ' AND app_id = $1';
  const sql = `SELECT "${column}" AS value, count(*) AS n FROM "${table}" WHERE "${column}" IS NOT NULL${scope} GROUP BY 1 ORDER BY 2 DESC LIMIT ${VALUES_SHOWN}`;
  return queryOptions({
    queryKey: ['dictionary', 'values', table, column, app, from, to],
    queryFn: async ({ signal }) => {
      const body = { sql, from, to, ...(app === undefined ? {} : { params: [app] }) };
      const answer = await unwrap(client.POST('/api/v1/query', { body, signal }));
      return answer.rows.map(([value, count]) => ({ value: String(value), count: Number(count) }));
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}
