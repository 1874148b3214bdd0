import { Button } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { removeToken, tokenise } from '../../lib/search.ts';
import { SENTENCE_GAP } from '../../lib/text/message.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { useScope } from '../../ui/scope.tsx';
import { countQuery } from './queries.ts';

/** So many terms are tried one by one; longer filters can only be cleared. */
const TRIED = 6;

/** Why there is nothing, and the way out: the one term without which there is most. */
export function NothingFound({
  table,
  q,
  onFilter,
}: {
  table: string;
  q: string | undefined;
  onFilter: (q: string) => void;
}) {
  const text = useText();
  const scope = useScope();
  const tokens = tokenise(q ?? '');
  const ways = tokens
    .map((token, index) => ({ token, without: removeToken(q ?? '', index) }))
    .filter(({ token }) => token.kind !== 'operator')
    .slice(0, TRIED);
  const counts = useQueries({ queries: ways.map(({ without }) => countQuery(table, scope, without)) });
  if (q === undefined) return <EmptyState icon="search" text={text('explorers.empty')} />;
  let best: { filter: string; without: string; n: number } | null = null;
  ways.forEach(({ token, without }, index) => {
    const n = counts[index]?.data ?? 0;
    if (n > (best?.n ?? 0)) best = { filter: token.text, without, n };
  });
  return <Way best={best} onFilter={onFilter} />;
}

function Way({
  best,
  onFilter,
}: {
  best: { filter: string; without: string; n: number } | null;
  onFilter: (q: string) => void;
}) {
  const text = useText();
  const language = useLanguage();
  const nothing = text('explorers.empty_filtered');
  if (best === null) {
    return (
      <EmptyState
        icon="filter"
        text={nothing}
        action={
          <Button variant="default" onClick={() => onFilter('')}>
            {text('explorers.clear')}
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState
      icon="filter"
      text={`${nothing}${SENTENCE_GAP[language]}${text('explorers.without', { filter: best.filter, n: best.n })}`}
      action={
        <Button variant="default" onClick={() => onFilter(best.without)}>
          {text('explorers.drop_filter', { filter: best.filter })}
        </Button>
      }
    />
  );
}
