import type { Application } from '../../api/applications.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import type { IconName } from '../../ui/Icon.tsx';

export type ApplicationType = Application['type'];

interface Kind {
  type: ApplicationType;
  title: PlainKey;
  icon: IconName;
  /** Its SDKs are understood today; the others can be created and wait for theirs. */
  isReady: boolean;
}

/** What an application can run on, in the order people look for it. */
export const KINDS: readonly Kind[] = [
  { type: 'web', title: 'applications.type_web', icon: 'globe', isReady: true },
  { type: 'android', title: 'applications.type_android', icon: 'phone', isReady: false },
  { type: 'ios', title: 'applications.type_ios', icon: 'phone', isReady: false },
  { type: 'miniapp', title: 'applications.type_miniapp', icon: 'phone', isReady: false },
  { type: 'react_native', title: 'applications.type_react_native', icon: 'phone', isReady: false },
  { type: 'flutter', title: 'applications.type_flutter', icon: 'phone', isReady: false },
  { type: 'uniapp', title: 'applications.type_uniapp', icon: 'phone', isReady: false },
  { type: 'macos', title: 'applications.type_macos', icon: 'display', isReady: false },
  { type: 'windows', title: 'applications.type_windows', icon: 'display', isReady: false },
  { type: 'cpp', title: 'applications.type_cpp', icon: 'display', isReady: false },
];

const WEB = KINDS[0];

export function kindOf(type: ApplicationType): Kind | undefined {
  return KINDS.find((kind) => kind.type === type) ?? WEB;
}
