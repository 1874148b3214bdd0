import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import {
  requireSession,
  rootRoute,
  type SearchInput,
  searchChoice,
  shellRoute,
  withoutAbsent,
} from '../../ui/routing.ts';
import { SDK_IDS, type SdkId } from './sdks.ts';

export const VIAS = ['npm', 'script'] as const;
export type Via = (typeof VIAS)[number];

export const RECIPES = ['csp', 'path', 'proxy'] as const;
export type Recipe = (typeof RECIPES)[number];

interface OnboardingSearch {
  sdk?: SdkId | undefined;
  via?: Via | undefined;
  recipe?: Recipe | undefined;
}

export const onboardingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications/$app/onboarding',
  validateSearch: (search: SearchInput): OnboardingSearch =>
    withoutAbsent({
      sdk: searchChoice(search.sdk, SDK_IDS),
      via: searchChoice(search.via, VIAS),
      recipe: searchChoice(search.recipe, RECIPES),
    }),
  component: lazyRouteComponent(() => import('./Onboarding.tsx'), 'Onboarding'),
  staticData: { title: 'onboarding.title', timeless: true },
});

/** Outside of the shell: what the console itself asks for would fill the visit. */
export const testPageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/test-page/$app',
  beforeLoad: requireSession,
  component: lazyRouteComponent(() => import('./TestPage.tsx'), 'TestPage'),
  staticData: { title: 'onboarding.test_page' },
});
