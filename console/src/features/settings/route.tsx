import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../../ui/routing.ts';

export const profileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/profile',
  component: lazyRouteComponent(() => import('./Profile.tsx'), 'Profile'),
  staticData: { title: 'shell.profile', timeless: true },
});

export const membersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/members',
  component: lazyRouteComponent(() => import('./Members.tsx'), 'Members'),
  staticData: { title: 'shell.members', timeless: true },
});

export const apiKeysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/api-keys',
  component: lazyRouteComponent(() => import('./ApiKeys.tsx'), 'ApiKeys'),
  staticData: { title: 'shell.api_keys', timeless: true, needs: 'admin' },
});

export const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/audit',
  component: lazyRouteComponent(() => import('./Audit.tsx'), 'Audit'),
  staticData: { title: 'shell.audit', timeless: true, needs: 'admin' },
});
