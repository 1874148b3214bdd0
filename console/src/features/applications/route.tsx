import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type SearchInput, searchChoice, searchText, shellRoute, withoutAbsent } from '../../ui/routing.ts';

export const STATES = ['live', 'quiet', 'waiting'] as const;
export type State = (typeof STATES)[number];

interface ApplicationsSearch {
  state?: State | undefined;
  /** Part of a name, an app_id or an SDK. */
  s?: string | undefined;
  /** Column, `-` before it for descending. */
  sort?: string | undefined;
}

export const applicationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications',
  validateSearch: (search: SearchInput): ApplicationsSearch =>
    withoutAbsent({
      state: searchChoice(search.state, STATES),
      s: searchText(search.s),
      sort: searchText(search.sort),
    }),
  component: lazyRouteComponent(() => import('./Applications.tsx'), 'Applications'),
  staticData: { title: 'shell.applications', timeless: true },
});

export const newApplicationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications/new',
  component: lazyRouteComponent(() => import('./NewApplication.tsx'), 'NewApplication'),
  staticData: { title: 'shell.new_application', timeless: true, needs: 'admin' },
});

export const applicationSettingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications/$app/settings',
  component: lazyRouteComponent(() => import('./ApplicationSettings.tsx'), 'ApplicationSettings'),
  staticData: { title: 'applications.settings', timeless: true },
});
