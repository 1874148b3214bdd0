import { expect, test } from 'vitest';
import type { SdkId } from './sdks.ts';
import { formOf, npmSnippet, scriptSnippet, textOf } from './snippet.ts';

const values = { appId: 'seller_portal', token: 'ft_9Qm2', service: 'seller_portal' };

function check(sdk: SdkId, server: string, parts: string[]) {
  const form = formOf(sdk);
  if (form === undefined) throw new Error(`${sdk} has no form`);
  for (const text of [npmSnippet, scriptSnippet].map((make) => textOf(make(form, { ...values, server })))) {
    for (const part of parts) expect(text).toContain(part);
  }
}

test('Datadog names a server over http by proxy, since its site is always https', () => {
  check('datadog-5', 'http://10.0.0.7:7340', [
    "applicationId: 'seller_portal',",
    "clientToken: 'ft_9Qm2',",
    "proxy: 'http://10.0.0.7:7340/forward',",
  ]);
});

test('OpenObserve takes host and port as they are, and is told about http', () => {
  check('openobserve', 'http://10.0.0.7:7340', ["site: '10.0.0.7:7340',", 'insecureHTTP: true,']);
  check('openobserve', 'https://rum.example.com', ["site: 'rum.example.com',", 'insecureHTTP: false,']);
});

test('each release of Datadog loads its own script', () => {
  check('datadog-6', 'https://rum.example.com', ["proxy: 'https://rum.example.com/forward',"]);
  expect(formOf('datadog-6')?.script).toContain('/v6/');
});

test('an SDK that is not understood yet has no snippet', () => {
  expect(formOf('datakit-web')).toBeUndefined();
  expect(formOf('ios')).toBeUndefined();
});

test('what changes is marked, and nothing else', () => {
  const form = formOf('flashduty');
  if (form === undefined) throw new Error('no form');
  const lines = npmSnippet(form, { ...values, server: 'https://rum.example.com' });
  expect(lines.filter((line) => line.isMarked).map((line) => line.text.trim())).toEqual([
    "proxy: 'https://rum.example.com/forward',",
  ]);
});
