import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type SearchInput, searchText, shellRoute, withoutAbsent } from '../../ui/routing.ts';

export interface ExploreSearch {
  /** Filter in the search syntax. */
  q?: string;
  /** A column, `-` in front for descending; newest first when absent. */
  sort?: string;
  /** Names of columns, separated by commas. */
  cols?: string;
  /** The row in the drawer: `application:event`. */
  open?: string;
  /** A frozen state of the data, from a copied link or a figure. */
  snap?: string;
}

export const exploreRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/explore/$table',
  validateSearch: (search: SearchInput): ExploreSearch =>
    withoutAbsent({
      q: searchText(search.q),
      sort: searchText(search.sort),
      cols: searchText(search.cols),
      open: searchText(search.open),
      snap: searchText(search.snap),
    }),
  component: lazyRouteComponent(() => import('./Explore.tsx'), 'Explore'),
  staticData: { title: 'explorers.title' },
});
