import type { Message } from '../message.ts';

export const applications = {} as const satisfies Record<`applications.${string}`, Message>;
