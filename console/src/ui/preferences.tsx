import { useSyncExternalStore } from 'react';
import type { Language } from '../lib/text/message.ts';

/** What a person chose for this browser. Nothing here changes what a link shows. */
export interface Preferences {
  language: Language;
  /** The navigation shows only icons. */
  isNavigationFolded: boolean;
  /** Shortcuts of a single letter work. */
  hasLetterKeys: boolean;
  /** Table rows are 28 px high, not 32. */
  isDense: boolean;
  drawerWidth: number;
}

const KEY = 'footfall.preferences';

const listeners = new Set<() => void>();
let current = read();

function defaults(): Preferences {
  const isChinese = globalThis.navigator?.language.toLowerCase().startsWith('zh');
  return {
    language: isChinese ? 'zh' : 'en',
    isNavigationFolded: false,
    hasLetterKeys: true,
    isDense: false,
    drawerWidth: 540,
  };
}

function read(): Preferences {
  const preferences = defaults();
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return preferences;
    for (const [key, value] of Object.entries(preferences)) {
      const kept: unknown = Reflect.get(stored, key);
      if (typeof kept === typeof value) Object.assign(preferences, { [key]: kept });
    }
  } catch {
    // A browser that keeps nothing, or something else under our key: the defaults do.
  }
  if (preferences.language !== 'zh') preferences.language = 'en';
  return preferences;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const onStorage = (event: StorageEvent) => {
    if (event.key !== KEY) return;
    current = read();
    listener();
  };
  window.addEventListener('storage', onStorage);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', onStorage);
  };
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
  for (const listener of listeners) listener();
}
