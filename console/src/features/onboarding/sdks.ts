import type { Application } from '../../api/applications.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';

export const SDK_IDS = [
  'datadog-7',
  'datadog-6',
  'datadog-5',
  'openobserve',
  'flashduty',
  'datakit-web',
  'miniapp',
  'android',
  'ios',
] as const;

export type SdkId = (typeof SDK_IDS)[number];

/** The button it is found under; releases of one SDK share it. */
export interface Family {
  /** The name of a product: the same in every language. */
  name: string;
  /** Where it is no product's name. */
  title?: PlainKey;
  sdks: readonly [SdkId, ...SdkId[]];
  /** Whether the server understands it today. */
  isReady: boolean;
}

export const FAMILIES: readonly Family[] = [
  { name: 'Datadog', sdks: ['datadog-7', 'datadog-6', 'datadog-5'], isReady: true },
  { name: 'OpenObserve', sdks: ['openobserve'], isReady: true },
  { name: 'Flashduty', sdks: ['flashduty'], isReady: true },
  { name: 'DataKit', sdks: ['datakit-web'], isReady: false },
  { name: 'miniapp', title: 'applications.type_miniapp', sdks: ['miniapp'], isReady: false },
  { name: 'Android', sdks: ['android'], isReady: false },
  { name: 'iOS', sdks: ['ios'], isReady: false },
];

export function familyOf(sdk: SdkId): Family | undefined {
  return FAMILIES.find((family) => family.sdks.includes(sdk));
}

/** What an application of a type most likely ships. */
export function usualSdk(type: Application['type']): SdkId {
  switch (type) {
    case 'android':
    case 'ios':
    case 'miniapp':
      return type;
    default:
      return 'datadog-7';
  }
}
