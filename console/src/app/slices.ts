import type { PlainKey } from '../lib/text/catalogue.ts';
import type { IconName } from '../ui/Icon.tsx';
import type { ShortcutName } from '../ui/shortcut-table.ts';

/** A place in the navigation and in the palette. */
export interface Place {
  title: PlainKey;
  icon: IconName;
  /** Path without parameters. */
  path: string;
  /** Everything below it lights the entry, too. */
  shortcut?: ShortcutName;
  needs?: 'admin';
}

export interface Group {
  title?: PlainKey;
  places: readonly Place[];
}

/** The navigation, top to bottom. A new screen is one line here. */
export const GROUPS: readonly Group[] = [
  {
    places: [
      { title: 'shell.overview', icon: 'overview', path: '/', shortcut: 'go_overview' },
      { title: 'shell.applications', icon: 'applications', path: '/applications', shortcut: 'go_applications' },
    ],
  },
  {
    title: 'shell.explore',
    places: [
      { title: 'shell.sessions', icon: 'session', path: '/explore/session', shortcut: 'go_sessions' },
      { title: 'shell.views', icon: 'view', path: '/explore/view', shortcut: 'go_views' },
      { title: 'shell.resources', icon: 'resource', path: '/explore/resource' },
      { title: 'shell.actions', icon: 'action', path: '/explore/action' },
      { title: 'shell.long_tasks', icon: 'long_task', path: '/explore/long_task' },
      { title: 'shell.errors', icon: 'error', path: '/explore/error', shortcut: 'go_errors' },
      { title: 'shell.vitals', icon: 'vital', path: '/explore/vital' },
    ],
  },
  {
    title: 'shell.operate',
    places: [
      { title: 'shell.intake', icon: 'intake', path: '/intake', shortcut: 'go_intake' },
      { title: 'shell.status', icon: 'status', path: '/status', needs: 'admin' },
      { title: 'shell.members', icon: 'people', path: '/settings/members' },
      { title: 'shell.api_keys', icon: 'key', path: '/settings/api-keys', needs: 'admin' },
      { title: 'shell.audit', icon: 'history', path: '/settings/audit', needs: 'admin' },
    ],
  },
];

export const PROFILE: Place = { title: 'shell.profile', icon: 'person', path: '/settings/profile' };

export const PLACES: readonly Place[] = [...GROUPS.flatMap((group) => group.places), PROFILE];

/** Whether an address belongs to a place. */
export function isAt(place: Place, pathname: string): boolean {
  if (place.path === '/') return pathname === '/';
  return pathname === place.path || pathname.startsWith(`${place.path}/`);
}
