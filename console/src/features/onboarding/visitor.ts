import { datadogRum } from '@datadog/browser-rum-slim';

/** What tells these visits from those of real people, in every list and figure. */
export const TEST_ENV = 'test';

export interface Visitor {
  appId: string;
  token: string;
}

/**
 * Starts the SDK with the values of the snippet, once a document: it cannot be stopped, so the page is left by loading another.
 * Nothing is kept in the browser, and no replay: this is the console's own origin.
 */
export function startVisit({ appId, token }: Visitor): void {
  if (datadogRum.getInitConfiguration() !== undefined) return;
  datadogRum.init({
    applicationId: appId,
    clientToken: token,
    proxy: `${window.location.origin}/forward`,
    service: appId,
    env: TEST_ENV,
    version: '1.0.0',
    sessionSampleRate: 100,
    sessionReplaySampleRate: 0,
    telemetrySampleRate: 0,
    trackResources: true,
    trackLongTasks: true,
    trackUserInteractions: true,
    sessionPersistence: 'memory',
  });
}

/** An error that nobody catches, as the page's own code would throw it. */
export function throwError(): void {
  setTimeout(() => {
    throw new Error('An error of the test page');
  });
}

const LONG_MS = 200;

/** A long task: above 50 ms the browser reports one. */
export function block(): void {
  const end = performance.now() + LONG_MS;
  while (performance.now() < end);
}

export async function request(): Promise<void> {
  await fetch('/healthz');
}
