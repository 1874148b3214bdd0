import type { PlainKey } from '../../lib/text/catalogue.ts';

const NAMES: Readonly<Record<string, PlainKey>> = {
  'workspace.set_up': 'settings.did_set_up',
  'session.created': 'settings.did_sign_in',
  'session.failed': 'settings.did_fail_sign_in',
  'session.ended': 'settings.did_sign_out',
  'session.revoked': 'settings.did_end_session',
  'member.password_changed': 'settings.did_change_password',
  'member.password_reset': 'settings.did_reset_password',
  'member.renamed': 'settings.did_rename_member',
  'member.role_changed': 'settings.did_change_role',
  'member.removed': 'settings.did_remove_member',
  'invitation.created': 'settings.did_invite',
  'invitation.deleted': 'settings.did_withdraw',
  'invitation.accepted': 'settings.did_join',
  'one_time_link.created': 'settings.did_make_link',
  'api_key.created': 'settings.did_create_key',
  'api_key.deleted': 'settings.did_delete_key',
  'application.created': 'settings.did_create_application',
  'application.updated': 'settings.did_change_application',
  'application.renamed': 'settings.did_rename_application',
  'application.deleted': 'settings.did_delete_application',
  'erasure.requested': 'settings.did_request_erasure',
  'token.created': 'settings.did_create_token',
  'token.rotated': 'settings.did_rotate_token',
  'token.revoked': 'settings.did_revoke_token',
};

/** The words for an action; none for one that a newer server has. */
export function actionName(action: string): PlainKey | undefined {
  return Object.hasOwn(NAMES, action) ? NAMES[action] : undefined;
}
