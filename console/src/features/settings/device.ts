/** "Chrome 142, Linux" out of a user agent: enough to tell one's own devices apart. */
export function deviceOf(userAgent: string): string | undefined {
  const browser = first(userAgent, BROWSERS);
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
  const parts = [browser, system].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

// Order matters: each browser also names those it descends from.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/Chrome\/(\d+)/, 'Chrome'],
  [/Version\/(\d+).*Safari/, 'Safari'],
  [/curl\/(\d+)/, 'curl'],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

function first(text: string, patterns: typeof BROWSERS): string | undefined {
  for (const [pattern, name] of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return `${name} ${match[1]}`;
  }
  return undefined;
}
