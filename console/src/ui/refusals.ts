import type { components } from '../api/generated/schema.ts';
import type { PlainKey, Text } from '../lib/text/catalogue.ts';

type Refusal = components['schemas']['RefusalEntry'];

const TITLES: Readonly<Record<string, PlainKey>> = {
  wrong_token: 'intake.wrong_token',
  expired_token: 'intake.expired_token',
  revoked_token: 'intake.revoked_token',
  missing_token: 'intake.missing_token',
  wrong_origin: 'intake.wrong_origin',
  unknown_application: 'intake.unknown_application',
  wrong_application: 'intake.wrong_application',
  missing_application: 'intake.missing_application',
  invalid_app_id: 'intake.invalid_app_id',
  body_too_large: 'intake.body_too_large',
  bad_request: 'intake.bad_request',
  overloaded: 'intake.overloaded',
  disk_full: 'intake.disk_full',
  not_ready: 'intake.not_ready',
};

/** A refusal's code in words; a code that a newer server has stands as it is. */
export function refusalTitle(code: string, text: Text): string {
  const key = Object.hasOwn(TITLES, code) ? TITLES[code] : undefined;
  return key === undefined ? code : text(key);
}

/** What to do, for the owner of `app`. */
export function refusalHelp(refusal: Refusal, app: string, text: Text): string {
  const token = refusal.token_hint ?? '—';
  const named = refusal.app_id ?? '—';
  const origin = refusal.origin ?? '—';
  switch (refusal.code) {
    case 'wrong_token':
      return text('intake.help_wrong_token', { token, app });
    case 'expired_token':
    case 'revoked_token':
      return text('intake.help_dead_token', { token, app });
    case 'missing_token':
      return text('intake.help_missing_token', { app });
    case 'wrong_origin':
      return refusal.origin === null
        ? text('intake.help_no_origin', { app })
        : text('intake.help_wrong_origin', { origin, app });
    case 'unknown_application':
      return text('intake.help_unknown_application', { named, app });
    case 'wrong_application':
      return text('intake.help_wrong_application', { named });
    case 'missing_application':
    case 'invalid_app_id':
      return text('intake.help_application_id', { app });
    case 'body_too_large':
      return text('intake.help_body_too_large');
    case 'disk_full':
      return text('intake.help_disk_full');
    case 'overloaded':
    case 'not_ready':
      return text('intake.help_again');
    case 'bad_request':
      return text('intake.help_bad_request');
    default:
      return refusal.help;
  }
}
