import type { Message } from '../message.ts';

export const sessions = {} as const satisfies Record<`sessions.${string}`, Message>;
