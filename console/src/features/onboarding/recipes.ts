/** Where a page's own site hands requests on to this server. */
export const FIRST_PARTY_PATH = '/f';

/** What a page's policy must allow. Session replay and compression run in a worker made from a blob. */
export function cspLine(server: string, script: string | undefined): string {
  const connect = `connect-src 'self' ${new URL(server).origin}`;
  const scripts = script === undefined ? '' : ` script-src 'self' ${new URL(script).origin};`;
  return `Content-Security-Policy: ${connect};${scripts} worker-src 'self' blob:`;
}

export function nginxLines(server: string): string {
  return [
    '# nginx',
    `location ${FIRST_PARTY_PATH}/ {`,
    `  proxy_pass ${new URL(server).origin}/;`,
    '  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '  proxy_set_header X-Forwarded-Proto $scheme;',
    '  client_max_body_size 32m;',
    '}',
  ].join('\n');
}

export function caddyLines(server: string): string {
  return ['# Caddyfile', `handle_path ${FIRST_PARTY_PATH}/* {`, `  reverse_proxy ${new URL(server).origin}`, '}'].join(
    '\n',
  );
}
