import type { Message } from '../message.ts';

/** Navigation, top bar, palette, shortcuts. */
export const shell = {
  'shell.overview': { en: 'Overview', zh: '概览' },
} as const satisfies Record<`shell.${string}`, Message>;
