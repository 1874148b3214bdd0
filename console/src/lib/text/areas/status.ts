import type { Message } from '../message.ts';

export const status = {} as const satisfies Record<`status.${string}`, Message>;
