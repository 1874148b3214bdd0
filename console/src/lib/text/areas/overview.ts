import type { Message } from '../message.ts';

export const overview = {} as const satisfies Record<`overview.${string}`, Message>;
