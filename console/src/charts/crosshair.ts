/** The instant under the pointer, shared by all charts of the page. */
import { useSyncExternalStore } from 'react';

let current: number | null = null;
const listeners = new Set<() => void>();

export function setCrosshair(ms: number | null): void {
  if (ms === current) return;
  current = ms;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useCrosshair(): number | null {
  return useSyncExternalStore(subscribe, () => current);
}
