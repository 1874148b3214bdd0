import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type SearchInput, searchText, shellRoute, withoutAbsent } from '../../ui/routing.ts';

interface IntakeSearch {
  /** The reason whose samples are shown. */
  reason?: string | undefined;
}

export const intakeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/intake',
  validateSearch: (search: SearchInput): IntakeSearch => withoutAbsent({ reason: searchText(search.reason) }),
  component: lazyRouteComponent(() => import('./Intake.tsx'), 'Intake'),
  staticData: { title: 'shell.intake', timeless: true },
});
