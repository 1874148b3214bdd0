import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute, type SearchInput, searchText, withoutAbsent } from '../../ui/routing.ts';

interface TokenSearch {
  token?: string | undefined;
}

interface SignInSearch {
  /** Where one wanted to go. */
  next?: string | undefined;
}

const tokenSearch = (search: SearchInput): TokenSearch => withoutAbsent({ token: searchText(search.token) });

export const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  validateSearch: tokenSearch,
  component: lazyRouteComponent(() => import('./Setup.tsx'), 'Setup'),
  staticData: { title: 'access.setup_title' },
});

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: SearchInput): SignInSearch => withoutAbsent({ next: searchText(search.next) }),
  component: lazyRouteComponent(() => import('./SignIn.tsx'), 'SignIn'),
  staticData: { title: 'access.sign_in' },
});

export const inviteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invite',
  validateSearch: tokenSearch,
  component: lazyRouteComponent(() => import('./Invite.tsx'), 'Invite'),
  staticData: { title: 'access.invite_title' },
});

export const resetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/reset',
  validateSearch: tokenSearch,
  component: lazyRouteComponent(() => import('./Reset.tsx'), 'Reset'),
  staticData: { title: 'access.reset_title' },
});
