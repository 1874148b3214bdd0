import type { Message } from '../message.ts';

export const explorers = {} as const satisfies Record<`explorers.${string}`, Message>;
