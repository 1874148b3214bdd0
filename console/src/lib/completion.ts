/** What the search line offers while one types: fields first, then values of the field. */
import { quoteValue } from './search.ts';

export interface Draft {
  /** `-` before the term. */
  readonly sign: '' | '-';
  /** What is typed before the colon, or all of it while there is none. */
  readonly field: string;
  /** What is typed after the colon, without quotes; null while there is no colon. */
  readonly value: string | null;
}

export function readDraft(text: string): Draft {
  const term = text.trimStart();
  const sign = term.startsWith('-') ? '-' : '';
  const body = term.slice(sign.length);
  const colon = body.indexOf(':');
  if (colon < 0) return { sign, field: body, value: null };
  return { sign, field: body.slice(0, colon), value: body.slice(colon + 1).replace(/^"|"$/g, '') };
}

export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly facet: boolean;
}

/** Fields for what was typed: those that begin with it, then those that contain it; facets before the rest. */
export function matchingFields<Known extends Field>(fields: readonly Known[], typed: string, most: number): Known[] {
  const needle = typed.trim().toLowerCase();
  const ranked = fields
    .map((field) => ({ field, rank: rankOf(field, needle) }))
    .filter(({ rank }) => rank < NO_MATCH)
    .sort((a, b) => a.rank - b.rank || Number(b.field.facet) - Number(a.field.facet));
  return ranked.slice(0, most).map(({ field }) => field);
}

const NO_MATCH = 9;

function rankOf(field: Field, needle: string): number {
  if (needle === '') return field.facet ? 1 : 2;
  const name = field.name.toLowerCase();
  if (name === needle || field.aliases.includes(needle)) return 0;
  if (name.startsWith(needle)) return 1;
  if (field.aliases.some((alias) => alias.toLowerCase().startsWith(needle))) return 2;
  if (name.includes(needle)) return 3;
  return field.aliases.some((alias) => alias.toLowerCase().includes(needle)) ? 4 : NO_MATCH;
}

/** The column a name in a filter means, by name or alias. */
export function resolveField<Known extends Field>(fields: readonly Known[], name: string): Known | undefined {
  return fields.find((field) => field.name === name) ?? fields.find((field) => field.aliases.includes(name));
}

/** The draft with a chosen value: a whole term. */
export function withValue(draft: Draft, value: string): string {
  return `${draft.sign}${draft.field}:${quoteValue(value)}`;
}

/**
 * The statement that counts a column's values among the rows of a list. The list's own statement, as its answer names it, has the
 * scope and the search compiled; order and page are its last clauses. Null when it does not end with them.
 */
export function valuesStatement(list: string, column: string, most: number): string | null {
  const rows = /^(.*)\nORDER BY [^\n]*\nLIMIT \d+$/s.exec(list)?.[1];
  if (rows === undefined) return null;
  return `SELECT "${column}" AS value, count(*) AS n FROM (${rows}) WHERE "${column}" IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${most}`;
}

/** Positions from the server count bytes; the screen counts characters of the text. */
export function charOfByte(text: string, byte: number): number {
  let bytes = 0;
  let at = 0;
  for (const char of text) {
    if (bytes >= byte) break;
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += char.length;
  }
  return at;
}
