import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type SearchInput, searchChoice, searchText, shellRoute, withoutAbsent } from '../../ui/routing.ts';

export const EVENT_KINDS = ['action', 'error', 'resource', 'long_task'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const REQUEST_KINDS = ['api', 'script', 'image', 'failed'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export interface SessionSearch {
  /** The view of the waterfall. */
  view?: string;
  /** The event whose fields are shown. */
  event?: string;
  /** Which events the list shows. */
  kind?: EventKind;
  /** Which requests the waterfall shows. */
  requests?: RequestKind;
}

export const sessionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sessions/$id',
  validateSearch: (search: SearchInput): SessionSearch =>
    withoutAbsent({
      view: searchText(search.view),
      event: searchText(search.event),
      kind: searchChoice(search.kind, EVENT_KINDS),
      requests: searchChoice(search.requests, REQUEST_KINDS),
    }),
  component: lazyRouteComponent(() => import('./Session.tsx'), 'Session'),
  staticData: { title: 'sessions.title', timeless: true },
});
