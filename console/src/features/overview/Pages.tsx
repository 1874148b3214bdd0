import { UnstyledButton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Answer } from '../../api/types.ts';
import { Rating } from '../../charts/Rating.tsx';
import { ABSENT, FEW, formatCount, formatNumber, formatShare, type Unit } from '../../lib/format.ts';
import { ratingOf } from '../../lib/ratings.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { InfoButton } from '../../ui/InfoButton.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { kept } from './Headline.tsx';
import classes from './Pages.module.css';
import type { Page, PageSort } from './queries.ts';

type PagesAnswer = Answer<'/api/v1/overview/pages'>;

interface PagesProps {
  pages: UseQueryResult<PagesAnswer>;
  sort: PageSort;
}

type Head = { readonly sort: PageSort } & ({ readonly title: PlainKey } | { readonly short: string });

const HEADS: readonly Head[] = [
  { sort: 'views', title: 'overview.views' },
  { sort: 'visitors', title: 'overview.column_visitors' },
  { sort: 'lcp_p75', short: 'LCP p75' },
  { sort: 'inp_p75', short: 'INP p75' },
  { sort: 'cls_p75', short: 'CLS p75' },
  { sort: 'loading_time_p75', title: 'overview.column_loading' },
  { sort: 'error_views_share', title: 'overview.column_with_error' },
];

/** The pages of the application with their vitals and errors; each leads to its views. */
export function Pages({ pages, sort }: PagesProps) {
  const text = useText();
  const navigate = useNavigate();
  const data = pages.data;
  const sortBy = (next: PageSort) =>
    void navigate({ to: '.', search: (search: object) => ({ ...search, sort: next === 'views' ? undefined : next }) });
  return (
    <Panel
      title={text('overview.pages')}
      sub={data && text('overview.pages_shown', { shown: data.items.length, total: data.total })}
      actions={
        <InfoButton
          title={text('overview.pages')}
          definition={text('overview.pages_definition')}
          sql={data?.sql}
          relativeError={data?.relative_error}
        />
      }
      isFlush
    >
      <Async
        of={pages}
        skeleton={320}
        cancel={['overview', 'pages']}
        isEmpty={(answer) => answer.items.length === 0}
        empty={<EmptyState icon="view" text={text('overview.no_values')} />}
      >
        {(answer) => (
          // biome-ignore lint/a11y/useSemanticElements lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reached by keyboard
          <div className={classes.scroll} role="group" aria-label={text('overview.pages')} tabIndex={0}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">{text('overview.page')}</th>
                  {HEADS.map((head) => {
                    const label = 'short' in head ? head.short : text(head.title);
                    return (
                      <th key={head.sort} scope="col" aria-sort={head.sort === sort ? 'descending' : undefined}>
                        <UnstyledButton
                          className={classes.sort ?? ''}
                          title={text('overview.sort_by', { name: label })}
                          onClick={() => sortBy(head.sort)}
                        >
                          {label}
                          {head.sort === sort && ' ↓'}
                        </UnstyledButton>
                      </th>
                    );
                  })}
                </tr>
              </thead>
              <tbody>
                {answer.items.map((page) => (
                  <Row key={page.page ?? ''} page={page} snapshot={answer.snapshot} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Async>
    </Panel>
  );
}

function Row({ page, snapshot }: { page: Page; snapshot: string }) {
  const text = useText();
  const language = useLanguage();
  return (
    <tr>
      <th scope="row">
        <Link
          to="/explore/$table"
          params={{ table: 'view' }}
          search={(search) => ({ ...kept(search), q: page.filter, snap: snapshot })}
          title={page.page ?? undefined}
        >
          {page.page ?? text('overview.no_path')}
        </Link>
      </th>
      <td>{formatCount(page.views)}</td>
      <td>{formatCount(page.visitors)}</td>
      <Vital column="largest_contentful_paint" value={page.lcp_p75} n={page.n_lcp} unit="ns" />
      <Vital column="interaction_to_next_paint" value={page.inp_p75} n={page.n_inp} unit="ns" />
      <Vital column="cumulative_layout_shift" value={page.cls_p75} n={page.n_cls} unit="score" />
      <td>{page.loading_time_p75 === null ? ABSENT : formatNumber(page.loading_time_p75, 'ns', language)}</td>
      <td>{page.error_views_share === null ? ABSENT : formatShare(page.error_views_share, language)}</td>
    </tr>
  );
}

function Vital({ column, value, n, unit }: { column: string; value: number | null; n: number; unit: Unit }) {
  const text = useText();
  const language = useLanguage();
  if (value === null) return <td title={text('overview.not_measured')}>{ABSENT}</td>;
  const number = formatNumber(value, unit, language);
  const rating = n < FEW ? null : ratingOf(column, value);
  if (rating === null) {
    return (
      <td className={classes.few} title={text('overview.few', { n })}>
        {number}
      </td>
    );
  }
  return (
    <td>
      <Rating rating={rating} value={number} />
    </td>
  );
}
