import { queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { client } from '../../api/client.ts';
import { type ColumnEntry, columnsOf, dictionaryQuery } from '../../api/dictionary.ts';
import { isProblem, unwrap } from '../../api/problem.ts';
import { matchingFields, readDraft, resolveField, valuesStatement, withValue } from '../../lib/completion.ts';
import { formatCount } from '../../lib/format.ts';
import { withoutAbsent } from '../routing.ts';
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
/** Among these one finds by typing; values still rarer are typed whole. */
const VALUES_ASKED = 200;

interface Line {
  readonly table: string;
  /** The term that is typed. */
  readonly text: string;
  /** The other terms: only values among their rows are offered. */
  readonly others: string;
  readonly isActive: boolean;
}

/** Fields for a draft without a colon, the most frequent values of the field after it. */
export function useSuggestions({ table, text, others, isActive }: Line): readonly Suggestion[] {
  const { app, env, from, to } = useScope();
  const dictionary = useQuery({ ...dictionaryQuery, enabled: isActive });
  const columns = useMemo(() => columnsOf(dictionary.data, table), [dictionary.data, table]);
  const draft = readDraft(text);
  const column = draft.value === null ? undefined : resolveField(columns, draft.field);
  const values = useQuery({
    ...valuesQuery({ table, column: column?.name ?? '', scope: { from, to, ...withoutAbsent({ app, env }) }, others }),
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
    .slice(0, VALUES_SHOWN)
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
  readonly scope: { readonly from: string; readonly to: string; readonly app?: string; readonly env?: string };
  readonly others: string;
}

/** The server compiles scope and search for the list; its statement then is asked for the values instead of the rows. */
function valuesQuery({ table, column, scope, others }: Asked) {
  return queryOptions({
    queryKey: ['dictionary', 'values', table, column, scope, others],
    queryFn: async ({ signal }) => {
      const list = await listStatement({ table, column, scope, others }, signal);
      const sql = valuesStatement(list, column, VALUES_ASKED);
      if (sql === null) return [];
      const answer = await unwrap(client.POST('/api/v1/query', { body: { sql }, signal }));
      return answer.rows.map(([value, count]) => ({ value: String(value), count: Number(count) }));
    },
    // Values of another field would be wrong to choose, if only for a moment.
    placeholderData: (before, query) => (query?.queryKey[3] === column ? before : undefined),
    staleTime: 60_000,
  });
}

/** A mistake in another term is told beside the line; values are offered as if the other terms were not there. */
async function listStatement({ table, column, scope, others }: Asked, signal: AbortSignal): Promise<string> {
  const ask = async (q: string) => {
    const query = { ...scope, columns: column, limit: 1, ...withoutAbsent({ q: q === '' ? undefined : q }) };
    const page = await unwrap(client.GET('/api/v1/events/{table}', { params: { path: { table }, query }, signal }));
    return page.sql;
  };
  try {
    return await ask(others);
  } catch (error) {
    if (others === '' || !isProblem(error) || error.status !== 400) throw error;
    return await ask('');
  }
}
