import { Button, Select } from '@mantine/core';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { FEW } from '../../lib/format.ts';
import { ratingOf } from '../../lib/ratings.ts';
import { LIST_GAP } from '../../lib/text/message.ts';
import { Async } from '../../ui/Async.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FilterBar } from '../../ui/filter/FilterBar.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { useScope } from '../../ui/scope.tsx';
import { Breakdowns } from './Breakdowns.tsx';
import { Course } from './Courses.tsx';
import { figureOf, TrafficFigures, VITALS, VitalFigures } from './Figures.tsx';
import classes from './Overview.module.css';
import { Pages } from './Pages.tsx';
import { askedOf, breakdownQuery, type Figure, figuresQuery, pagesQuery, seriesQuery } from './queries.ts';
import { type OverviewSearch, overviewRoute } from './route.tsx';
import { PEOPLE, ScopeChip } from './ScopeChip.tsx';

/** Is it fine, and if not, where do I look? */
export function Overview() {
  const text = useText();
  const scope = useScope();
  const { q, cmp, include, by = 'country', sort = 'views' } = overviewRoute.useSearch();
  const navigate = useNavigate();
  const change = (next: OverviewSearch | { [Key in keyof OverviewSearch]: undefined }) =>
    void navigate({ to: '.', search: (search: object) => ({ ...search, ...next }) });

  const asked = askedOf(scope, q, include);
  const compare = cmp === 'none' ? 'none' : 'previous';
  const figures = useQuery(figuresQuery(asked, compare));
  const agreed = {
    asked,
    snapshot: figures.isPlaceholderData ? undefined : figures.data?.snapshot,
    // Without figures the other panels still answer, each from its own snapshot.
    isReady: figures.isError || (figures.isSuccess && !figures.isPlaceholderData),
  };
  const courses = useQuery(seriesQuery(agreed, compare));
  const pages = useQuery(pagesQuery(agreed, sort));
  const slices = useQuery(breakdownQuery(agreed, by));
  // A panel that waits for the figures is loading, not stopped.
  const waits = <Data,>(query: UseQueryResult<Data>): UseQueryResult<Data> =>
    agreed.isReady ? query : Object.assign({ ...query }, { isFetching: true });
  const isEmpty = figures.data !== undefined && figureOf(figures.data.figures, 'page_views')?.value === 0;

  return (
    <Page
      title={text('overview.title')}
      beside={<ScopeChip include={include} onChange={(next) => change({ include: next })} />}
      lead={figures.data && !isEmpty ? <Summary figures={figures.data.figures} /> : undefined}
      actions={
        <>
          <Select
            aria-label={text('overview.compare')}
            value={compare}
            allowDeselect={false}
            onChange={(value) => change({ cmp: value === 'none' ? 'none' : undefined })}
            data={[
              { value: 'previous', label: text('overview.compare_previous') },
              { value: 'none', label: text('overview.compare_none') },
            ]}
          />
          <CopyButton value={window.location.href} label={text('overview.copy_link')} />
        </>
      }
    >
      <FilterBar
        table="view"
        {...(include === 'bots' ? {} : { within: PEOPLE })}
        value={q ?? ''}
        onChange={(next) => change({ q: next === '' ? undefined : next })}
        error={figures.error}
      />
      <Async
        of={figures}
        skeleton={190}
        cancel={['overview', 'figures']}
        isEmpty={() => isEmpty}
        empty={<NoViews isFiltered={q !== undefined} onClear={() => change({ q: undefined })} />}
      >
        {(answer) => (
          <div className={classes.figures}>
            <TrafficFigures figures={answer} courses={courses.data} />
            <VitalFigures figures={answer} />
          </div>
        )}
      </Async>
      {!isEmpty && (
        <>
          <div className={classes.halves}>
            <Course courses={waits(courses)} name="page_views" table="view" filter={q} />
            <Course courses={waits(courses)} name="errors" table="error" filter={q} />
          </div>
          <div className={classes.thirds}>
            <Pages pages={waits(pages)} sort={sort} />
            <Breakdowns slices={waits(slices)} by={by} filter={q} />
          </div>
        </>
      )}
    </Page>
  );
}

/** The answer first: how many, and which vitals are not good. */
function Summary({ figures }: { figures: readonly Figure[] }) {
  const text = useText();
  const language = useLanguage();
  const views = figureOf(figures, 'page_views')?.value ?? 0;
  const visitors = figureOf(figures, 'visitors')?.value ?? 0;
  const rated = VITALS.map((vital) => ({ ...vital, figure: figureOf(figures, vital.name) })).filter(
    ({ figure }) => figure !== undefined && figure.value !== null && figure.n >= FEW,
  );
  const lacking = rated
    .filter(({ column, figure }) => ratingOf(column, figure?.value) !== 'good')
    .map(({ short }) => short);
  const values = { views, visitors };
  if (rated.length === 0) return text('overview.summary_plain', values);
  if (lacking.length === 0) return text('overview.summary_good', values);
  return text('overview.summary_needs', { ...values, vitals: lacking.join(LIST_GAP[language]) });
}

function NoViews({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const text = useText();
  if (isFiltered) {
    return (
      <EmptyState
        icon="filter"
        text={text('overview.empty_filtered')}
        action={
          <Button variant="default" onClick={onClear}>
            {text('overview.clear_filter')}
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState
      icon="view"
      text={text('overview.empty')}
      action={<Link to="/applications">{text('overview.empty_action')}</Link>}
    />
  );
}
