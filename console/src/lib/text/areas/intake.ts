import type { Message } from '../message.ts';

export const intake = {} as const satisfies Record<`intake.${string}`, Message>;
