import type { Message } from '../message.ts';

export const onboarding = {} as const satisfies Record<`onboarding.${string}`, Message>;
