import type { QueryCache, QueryClient } from '@tanstack/react-query';
import { createRouter } from '@tanstack/react-router';
import { isProblem } from '../api/problem.ts';
import { createQueryClient } from '../api/query-client.ts';
import { sessionQuery } from '../api/session.ts';
import { inviteRoute, resetRoute, setupRoute, signInRoute } from '../features/access/route.tsx';
import { applicationSettingsRoute, applicationsRoute, newApplicationRoute } from '../features/applications/route.tsx';
import { exploreRoute } from '../features/explorers/route.tsx';
import { intakeRoute } from '../features/intake/route.tsx';
import { onboardingRoute, testPageRoute } from '../features/onboarding/route.tsx';
import { overviewRoute } from '../features/overview/route.tsx';
import { sessionRoute } from '../features/sessions/route.tsx';
import { apiKeysRoute, auditRoute, membersRoute, profileRoute } from '../features/settings/route.tsx';
import { statusRoute } from '../features/status/route.tsx';
import { rootRoute, shellRoute } from '../ui/routing.ts';
import { Crashed } from './Crashed.tsx';
import { NotFound } from './NotFound.tsx';
import { Shell } from './Shell.tsx';
import { parseSearch, stringifySearch } from './search-params.ts';

export const queryClient: QueryClient = createQueryClient();

shellRoute.update({ component: Shell });

const routeTree = rootRoute.addChildren([
  setupRoute,
  signInRoute,
  inviteRoute,
  resetRoute,
  testPageRoute,
  shellRoute.addChildren([
    overviewRoute,
    applicationsRoute,
    newApplicationRoute,
    applicationSettingsRoute,
    onboardingRoute,
    exploreRoute,
    sessionRoute,
    intakeRoute,
    statusRoute,
    profileRoute,
    membersRoute,
    apiKeysRoute,
    auditRoute,
  ]),
]);

export const router = createRouter({
  routeTree,
  context: { queryClient },
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Crashed,
  scrollRestoration: false,
});

/** A session that ended elsewhere ends here, too, with the way back kept. */
const cache: QueryCache = queryClient.getQueryCache();
cache.subscribe((event) => {
  if (event.type !== 'updated' || event.action.type !== 'error') return;
  if (!isProblem(event.action.error) || event.action.error.status !== 401) return;
  if (router.state.location.pathname === '/sign-in') return;
  queryClient.removeQueries({ queryKey: sessionQuery.queryKey });
  void router.navigate({ to: '/sign-in', search: { next: router.state.location.href } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
