/**
 * The search line as tokens. The server parses the language; here it is only cut at the places where a person edits:
 * top-level terms. What this does not understand stays one token, untouched, so that printing returns what was typed.
 */

export interface Token {
  /** As typed, without surrounding space. */
  readonly text: string;
  /** Where it stands in the line: the server points at mistakes by position. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'filter' | 'words' | 'operator' | 'group';
  readonly isExcluded: boolean;
  /** Only of filters: the part before the colon, and after it with quotes taken off. */
  readonly field: string | null;
  readonly value: string | null;
}

const FIELD = /^(@?[A-Za-z_][\w.$-]*|@"(?:[^"\\]|\\.)*"):(.*)$/s;

export function tokenise(line: string): Token[] {
  return cut(line).map(([start, end]) => tokenOf(line.slice(start, end), start, end));
}

/** Spans of top-level terms: spaces separate, except in quotes, parentheses and brackets. */
function cut(line: string): [number, number][] {
  const spans: [number, number][] = [];
  let start = -1;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    const isSpace = /\s/.test(char);
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
      continue;
    }
    if (isSpace && depth === 0) {
      if (start >= 0) spans.push([start, at]);
      start = -1;
      continue;
    }
    if (start < 0 && !isSpace) start = at;
    if (char === '"') quoted = true;
    else if (char === '\\') at += 1;
    else if (char === '(' || char === '[' || char === '{') depth += 1;
    else if (char === ')' || char === ']' || char === '}') depth = Math.max(0, depth - 1);
  }
  if (start >= 0) spans.push([start, line.length]);
  return spans;
}

function tokenOf(text: string, start: number, end: number): Token {
  const plain = { text, start, end, field: null, value: null };
  if (/^(AND|OR|NOT)$/.test(text)) return { ...plain, kind: 'operator', isExcluded: false };
  const isExcluded = text.startsWith('-') && text.length > 1;
  const body = isExcluded ? text.slice(1) : text;
  if (body.startsWith('(')) return { ...plain, kind: 'group', isExcluded };
  const match = FIELD.exec(body);
  if (match === null) return { ...plain, kind: 'words', isExcluded };
  return { ...plain, kind: 'filter', isExcluded, field: match[1] ?? '', value: unquote(match[2] ?? '') };
}

function unquote(value: string): string {
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(value)) return value;
  return value.slice(1, -1).replace(/\\(.)/gs, '$1');
}

/** A value as the search line needs it: bare where that is safe, quoted where a character would mean something. */
export function quoteValue(value: string): string {
  const isSafe =
    /^[\p{L}\p{N}_./@%+,;=&#~$-]+$/u.test(value) && !/^(AND|OR|NOT)$/.test(value) && !value.startsWith('-');
  return isSafe ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** The filter that finds exactly this value; an absent value is found by its absence. */
export function filterFor(field: string, value: string | null): string {
  return value === null || value === '' ? `-${field}:*` : `${field}:${quoteValue(value)}`;
}

/** The line with a filter more. Adding what is there already changes nothing; an opposite one is replaced. */
export function addFilter(line: string, field: string, value: string | null): string {
  return put(line, filterFor(field, value));
}

/** The line without the rows that have this value. */
export function excludeFilter(line: string, field: string, value: string | null): string {
  return put(line, negate(filterFor(field, value)));
}

function negate(filter: string): string {
  return filter.startsWith('-') ? filter.slice(1) : `-${filter}`;
}

function put(line: string, filter: string): string {
  const tokens = tokenise(line);
  if (tokens.some((token) => token.text === filter)) return line.trim();
  const opposite = tokens.findIndex((token) => token.text === negate(filter));
  const rest = opposite < 0 ? line.trim() : removeToken(line, opposite);
  // `a OR b c` would read as `a OR (b c)`: keep what was typed together.
  const needsGroup = tokenise(rest).some((token) => token.text === 'OR');
  if (rest === '') return filter;
  return `${needsGroup ? `(${rest})` : rest} ${filter}`;
}

/** The line without its token at `index`; an operator that would be left alone goes with it. */
export function removeToken(line: string, index: number): string {
  const tokens = tokenise(line).map((token) => token.text);
  const before = tokens[index - 1];
  const isOperator = (text: string | undefined) => text !== undefined && /^(AND|OR|NOT)$/.test(text);
  tokens.splice(index, 1);
  if (before === 'NOT') {
    tokens.splice(index - 1, 1);
    return trimOperators(tokens, isOperator);
  }
  const first = isOperator(before) ? index - 1 : index;
  if (isOperator(tokens[first])) tokens.splice(first, 1);
  return trimOperators(tokens, isOperator);
}

function trimOperators(tokens: string[], isOperator: (text: string | undefined) => boolean): string {
  while (isOperator(tokens.at(-1))) tokens.pop();
  while (tokens[0] === 'AND' || tokens[0] === 'OR') tokens.shift();
  return tokens.join(' ');
}

/** The line with its token at `index` replaced by other text. */
export function replaceToken(line: string, index: number, text: string): string {
  const tokens = tokenise(line).map((token) => token.text);
  tokens[index] = text.trim();
  return tokens.filter((token) => token !== '').join(' ');
}

/** One space between terms, so that equal lines have equal URLs and cache keys. */
export function printLine(line: string): string {
  return tokenise(line)
    .map((token) => token.text)
    .join(' ');
}

/** Several filters in one line, the empty ones left out. */
export function joinFilters(...lines: (string | null | undefined)[]): string {
  const parts = lines.map((line) => printLine(line ?? '')).filter((line) => line !== '');
  if (parts.length < 2) return parts[0] ?? '';
  return parts.map((part) => (tokenise(part).some((token) => token.text === 'OR') ? `(${part})` : part)).join(' ');
}
