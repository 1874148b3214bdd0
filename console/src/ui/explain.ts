import { isProblem } from '../api/problem.ts';
import type { Text } from '../lib/text/catalogue.ts';
import type { Language } from '../lib/text/message.ts';
import { PROBLEM_TEXTS } from './problem-texts.ts';

export interface Explanation {
  readonly detail: string;
  readonly help: string | undefined;
}

/**
 * What happened and what to do. The server words both in English; for other readers the kind of problem is told in their
 * language, and the server's words follow where they say more than its kind.
 */
export function explain(error: Error, text: Text, language: Language): Explanation {
  if (!isProblem(error)) return { detail: error.message, help: undefined };
  if (error.code === 'unreachable') return { detail: text('common.unreachable'), help: undefined };
  const words = { detail: sentence(error.detail), help: error.help };
  const key = Object.hasOwn(PROBLEM_TEXTS, error.code) ? PROBLEM_TEXTS[error.code] : undefined;
  if (language === 'en' || key === undefined) return words;
  const saysMore = error.title === undefined || words.detail !== sentence(error.title);
  if (!saysMore) return { detail: text(key), help: undefined };
  // Where a place in the text is meant, the server's help is about just that mistake.
  const help = error.position === undefined ? words.detail : [words.detail, error.help].filter(Boolean).join(' ');
  return { detail: text(key), help };
}

/** The server's details begin small and have no full stop, since programs quote them. */
function sentence(detail: string): string {
  const start = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?。]$/.test(start) ? start : `${start}.`;
}
