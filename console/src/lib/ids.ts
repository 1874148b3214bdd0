/** How identifiers and paths are shortened. The whole text stays in the title and in what is copied. */

const HEAD = 8;
const TAIL = 4;

/** First 8 and last 4 characters: enough to compare two ids by eye. */
export function shortId(id: string): string {
  return id.length <= HEAD + TAIL + 1 ? id : `${id.slice(0, HEAD)}…${id.slice(-TAIL)}`;
}

/**
 * Head and tail of a path, so that CSS can cut the head and keep the tail: the end of a path is what tells two apart.
 * The tail starts at the last separator, when that leaves a sensible length.
 */
export function cutMiddle(text: string): readonly [head: string, tail: string] {
  if (text.length <= 24) return ['', text];
  const separator = text.lastIndexOf('/', text.length - 2);
  const length = text.length - separator;
  const at = separator > 0 && length >= 6 && length <= 24 ? separator : text.length - 14;
  return [text.slice(0, at), text.slice(at)];
}
