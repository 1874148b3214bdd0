import type { Message } from '../message.ts';

export const access = {} as const satisfies Record<`access.${string}`, Message>;
