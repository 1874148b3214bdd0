import type { Token } from '../../api/applications.ts';

/** The token to hand out: the newest that works and is not about to end. */
export function liveToken(tokens: readonly Token[] | undefined): string | undefined {
  return tokens?.findLast((one) => one.live && one.expires_at === null)?.token;
}
