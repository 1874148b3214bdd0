import type { Role } from '../api/session.ts';
import type { PlainKey } from '../lib/text/catalogue.ts';

/** From the least to the most. */
export const ROLES: readonly Role[] = ['viewer', 'member', 'admin', 'owner'];

export const ROLE_NAMES: Record<Role, PlainKey> = {
  viewer: 'settings.role_viewer',
  member: 'settings.role_member',
  admin: 'settings.role_admin',
  owner: 'settings.role_owner',
};
