/** What the shop uses of an SDK, and what the server that hands out the page tells it. */

/** The part of the public interface that all SDKs of the family share. */
export interface RumSdk {
  init(options: SdkOptions): void;
  setUser(user: { id: string; name: string; email: string }): void;
  setGlobalContextProperty(key: string, value: string): void;
  addAction(name: string, context?: object): void;
  addTiming(name: string): void;
  addFeatureFlagEvaluation(key: string, value: string): void;
}

export interface SdkOptions {
  applicationId: string;
  clientToken: string;
  service: string;
  env: string;
  version: string;
  sessionSampleRate: number;
  sessionReplaySampleRate: number;
  telemetrySampleRate: number;
  trackUserInteractions: boolean;
  trackResources: boolean;
  trackLongTasks: boolean;
  defaultPrivacyLevel: 'allow';
  compressIntakeRequests: boolean;
  proxy?: string | ((request: { path: string; parameters: string }) => string);
  beforeSend: (event: object) => boolean;
}

/** How a page is set up; the server writes it into the document. */
export interface PageOptions {
  /** Origin of the collector. */
  collector: string;
  appId: string;
  token: string;
  /** `native`: the SDK's own paths at the collector. `forwarded`: everything in one parameter of one path. */
  transport: 'native' | 'forwarded';
  compress: boolean;
  replay: boolean;
  /** An origin at which nothing listens. */
  refusedOrigin: string;
}

declare global {
  interface Window {
    pageOptions: PageOptions;
  }
}
