import type { Language } from './text/message.ts';

const NAMES = new Intl.DisplayNames(['zh-CN'], { type: 'region', fallback: 'none' });

/** A country in the viewer's language. Events carry its code and its English name; a code nobody knows keeps that name. */
export function formatCountry(code: string | null, name: string | null, language: Language): string | null {
  if (language === 'en' || code === null || !/^[A-Z]{2}$/.test(code)) return name;
  return NAMES.of(code) ?? name;
}
