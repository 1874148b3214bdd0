/**
 * The form of a message: text with parameters in braces.
 *
 * - `{name}` inserts a parameter; a number is grouped (`412,806`), a text stands as it is.
 * - `{n:view/views}` chooses by the number `n`: one form for one, the other for the rest. Chinese needs no such choice.
 *
 * Names are read from the English text by the compiler, so that a forgotten parameter is a type error.
 */
import { formatCount } from '../format.ts';

export type Language = 'en' | 'zh';

/** What stands between two sentences, and between the items of a list. */
export const SENTENCE_GAP: Readonly<Record<Language, string>> = { en: ' ', zh: '' };
export const LIST_GAP: Readonly<Record<Language, string>> = { en: ', ', zh: '、' };

export type Message = { en: string; zh: string };

export type Value = string | number;

export type ParameterNames<Text extends string> = Text extends `${string}{${infer Inside}}${infer Rest}`
  ? (Inside extends `${infer Name}:${string}` ? Name : Inside) | ParameterNames<Rest>
  : never;

export type Parameters<Text extends string, Allowed> = [ParameterNames<Text>] extends [never]
  ? []
  : [values: { [Name in ParameterNames<Text>]: Allowed }];

/** A piece of a message: text, or the place of a parameter. */
export type Piece = { text: string } | { parameter: string };

const PLACE = /\{([^{}]*)\}/g;

/** Splits a message into texts and places of parameters, plural forms already chosen. */
export function pieces(message: string, numberOf: (name: string) => number | undefined): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of message.matchAll(PLACE)) {
    if (match.index > end) found.push({ text: message.slice(end, match.index) });
    end = match.index + match[0].length;
    const [name = '', forms] = (match[1] ?? '').split(':');
    if (forms === undefined) {
      found.push({ parameter: name });
      continue;
    }
    const [one = '', other = one] = forms.split('/');
    found.push({ text: numberOf(name) === 1 ? one : other });
  }
  if (end < message.length) found.push({ text: message.slice(end) });
  return found;
}

export function fill(message: string, values: Readonly<Record<string, Value>>): string {
  const numberOf = (name: string) => {
    const value = values[name];
    return typeof value === 'number' ? value : undefined;
  };
  return pieces(message, numberOf)
    .map((piece) => ('text' in piece ? piece.text : show(values[piece.parameter])))
    .join('');
}

function show(value: Value | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'number' ? formatCount(value) : value;
}
