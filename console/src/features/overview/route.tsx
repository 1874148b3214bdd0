import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type SearchInput, searchChoice, searchText, shellRoute, withoutAbsent } from '../../ui/routing.ts';
import { BREAKDOWNS, type Breakdown, PAGE_SORTS, type PageSort } from './queries.ts';

export interface OverviewSearch {
  /** Filter in the search syntax. */
  q?: string;
  /** Comparison with the previous period is on unless this says `none`. */
  cmp?: 'none';
  /** `bots` counts bots and synthetic tests too. */
  include?: 'bots';
  by?: Breakdown;
  sort?: PageSort;
}

export const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: (search: SearchInput): OverviewSearch =>
    withoutAbsent({
      q: searchText(search.q),
      cmp: searchChoice(search.cmp, ['none'] as const),
      include: searchChoice(search.include, ['bots'] as const),
      by: searchChoice(search.by, BREAKDOWNS),
      sort: searchChoice(search.sort, PAGE_SORTS),
    }),
  component: lazyRouteComponent(() => import('./Overview.tsx'), 'Overview'),
  staticData: { title: 'overview.title' },
});
