import { readFileSync } from 'node:fs';

/** A published SDK under test. */
export interface Sdk {
  /** Its name in package.json, and of the page's entry in `shop/`. */
  name: string;
  /** `sdk_family` of its events. */
  family: string;
  /** The key of the events' technical part. */
  technical: '_dd' | '_oo';
  version: string;
  /** Path of its rum requests in the native form. */
  rumPath: string;
  replayPath: string;
  /** The parameter that carries the target in the string proxy form. */
  forwardParameter: string;
}

const datadog = {
  family: 'datadog',
  technical: '_dd',
  rumPath: '/api/v2/rum',
  replayPath: '/api/v2/replay',
  forwardParameter: 'ddforward',
} as const;

export const DD_RUM_5: Sdk = { ...datadog, name: 'dd-rum-5', version: installedVersion('dd-rum-5') };
export const DD_RUM_6: Sdk = { ...datadog, name: 'dd-rum-6', version: installedVersion('dd-rum-6') };
export const DD_RUM_7: Sdk = { ...datadog, name: 'dd-rum-7', version: installedVersion('dd-rum-7') };
export const OPENOBSERVE: Sdk = {
  name: 'openobserve-rum',
  family: 'openobserve',
  technical: '_oo',
  version: installedVersion('openobserve-rum'),
  rumPath: '/rum/v1/default/rum',
  replayPath: '/rum/v1/default/replay',
  forwardParameter: 'o2forward',
};

export const SDKS: Sdk[] = [DD_RUM_5, DD_RUM_6, DD_RUM_7, OPENOBSERVE];

function installedVersion(name: string): string {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
