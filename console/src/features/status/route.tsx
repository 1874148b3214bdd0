import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../../ui/routing.ts';

export const statusRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/status',
  component: lazyRouteComponent(() => import('./Status.tsx'), 'Status'),
  staticData: { title: 'shell.status', timeless: true, needs: 'admin' },
});
