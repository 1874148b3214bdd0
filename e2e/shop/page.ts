/** The shop: routes, requests that fail and errors, with an SDK whose events are recorded as they are handed over to be sent. */

import { RECORD_PREFIX } from './record.ts';
import type { PageOptions, RumSdk, SdkOptions } from './sdk.ts';

/** Where an SDK differs from the others. */
export interface Difference {
  /** Options that point it at a collector by its own paths, where it needs no proxy function for that. */
  native?: (collector: URL) => object;
  more?: object;
}

/** Starts the SDK and opens the shop. */
export function open(sdk: RumSdk, difference: Difference = {}): void {
  const options = window.pageOptions;
  sdk.init({ ...sdkOptions(options), ...endpoint(options, difference), ...difference.more });
  sdk.setUser({ id: 'u-17', name: 'Ada Byron', email: 'ada@example.com' });
  sdk.setGlobalContextProperty('plan', 'pro');
  sdk.addFeatureFlagEvaluation('checkout', 'short');
  sdk.addTiming('shop_open');

  followLinks();
  onPress('Load stock', () => request('/api/stock'));
  onPress('Load prices', () => request('/api/broken'));
  onPress('Load reviews', () => request(`${options.refusedOrigin}/reviews`));
  onPress('Throw', () => {
    throw new TypeError('the basket is empty');
  });
  onPress('Reject', () => {
    Promise.reject(new RangeError('the voucher has expired'));
  });
  onPress('Complain', () => console.error('the stock is low'));
  onPress('Buy', () => sdk.addAction('bought', { basket: { items: 3, currency: 'EUR' } }));
  onPress('Browse a lot', () => {
    for (let item = 0; item < 60; item += 1) sdk.addAction(`looked at ${item}`);
  });
  watchLargestPaint();
}

function sdkOptions(options: PageOptions): SdkOptions {
  return {
    applicationId: options.appId,
    clientToken: options.token,
    service: 'shop',
    env: 'e2e',
    version: '1.4.2',
    sessionSampleRate: 100,
    sessionReplaySampleRate: options.replay ? 100 : 0,
    telemetrySampleRate: 0,
    trackUserInteractions: true,
    trackResources: true,
    trackLongTasks: true,
    defaultPrivacyLevel: 'allow',
    compressIntakeRequests: options.compress,
    beforeSend: record,
  };
}

function endpoint(options: PageOptions, difference: Difference): object {
  if (options.transport === 'forwarded') return { proxy: `${options.collector}/forward` };
  if (difference.native) return difference.native(new URL(options.collector));
  return {
    proxy: ({ path, parameters }: { path: string; parameters: string }) => `${options.collector}${path}?${parameters}`,
  };
}

let recorded = 0;

/** Local storage is written at once, also while the page is being left, and can be read from the next page. */
function record(event: object): boolean {
  recorded += 1;
  localStorage.setItem(`${RECORD_PREFIX}${performance.timeOrigin}.${recorded}`, JSON.stringify(event));
  return true;
}

function followLinks(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a')) {
    link.addEventListener('click', (click) => {
      click.preventDefault();
      history.pushState(null, '', link.href);
      say(`at ${location.pathname}`);
    });
  }
}

function onPress(name: string, action: () => void): void {
  const button = document.createElement('button');
  button.textContent = name;
  button.addEventListener('click', action);
  document.querySelector('main')?.append(button);
}

async function request(url: string): Promise<void> {
  try {
    const answer = await fetch(url);
    // Newer SDKs report a request only when its body was read.
    await answer.text();
    say(`${url} answered ${answer.status}`);
  } catch {
    say(`${url} did not answer`);
  }
}

function watchLargestPaint(): void {
  const observer = new PerformanceObserver(() => {
    document.documentElement.dataset.painted = 'yes';
  });
  observer.observe({ type: 'largest-contentful-paint', buffered: true });
}

function say(text: string): void {
  const status = document.querySelector('[role=status]');
  if (status) status.textContent = text;
}
