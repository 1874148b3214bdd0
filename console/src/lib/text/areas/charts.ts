import type { Message } from '../message.ts';

export const charts = {} as const satisfies Record<`charts.${string}`, Message>;
