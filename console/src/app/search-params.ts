/**
 * Addresses a person can read and write: `?app=shop&q=error:true`, no JSON. Every value is a text; the routes give it meaning.
 * A parameter named twice keeps its first value.
 */
export function parseSearch(search: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (!Object.hasOwn(values, name)) values[name] = value;
  }
  return values;
}

/** Colons, slashes and commas stay as they are: they are allowed there, and filters are full of them. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(search)) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    const text = encodeURIComponent(String(value)).replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',');
    parts.push(`${encodeURIComponent(name)}=${text}`);
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
