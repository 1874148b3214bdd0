import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react';
import { usePreferences } from './preferences.tsx';
import { SHORTCUTS, type ShortcutName } from './shortcut-table.ts';

type Handler = (event: KeyboardEvent) => void;

/** The last one that asked for a key gets it: a drawer before the list beneath it. */
type Handlers = Map<ShortcutName, Handler[]>;

const HandlersContext = createContext<Handlers>(new Map());

/** How long the first key of two waits for the second. */
const SEQUENCE_MS = 1200;

export function ShortcutsProvider({ children }: { children: ReactNode }) {
  const handlers = useRef<Handlers>(new Map());
  const { hasLetterKeys } = usePreferences();
  useEffect(() => {
    let first: { key: string; at: number } | null = null;
    const onKey = (event: KeyboardEvent) => {
      const key = nameOf(event);
      const isLetter = !key.startsWith('mod+');
      if (isLetter && (!hasLetterKeys || isTyping(event.target) || hasDialog(event.target))) return;
      const before = first !== null && event.timeStamp - first.at < SEQUENCE_MS ? first.key : null;
      first = { key, at: event.timeStamp };
      const handler = find(handlers.current, before, key);
      if (handler === undefined) return;
      first = null;
      event.preventDefault();
      handler(event);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [hasLetterKeys]);
  return <HandlersContext value={handlers.current}>{children}</HandlersContext>;
}

/** Does something on a key while the component is there. */
export function useShortcut(name: ShortcutName, handler: Handler, isActive = true): void {
  const handlers = useContext(HandlersContext);
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (!isActive) return undefined;
    const call: Handler = (event) => latest.current(event);
    handlers.set(name, [...(handlers.get(name) ?? []), call]);
    return () => {
      handlers.set(
        name,
        (handlers.get(name) ?? []).filter((one) => one !== call),
      );
    };
  }, [handlers, name, isActive]);
}

function find(handlers: Handlers, before: string | null, key: string): Handler | undefined {
  let single: Handler | undefined;
  for (const [name, waiting] of handlers) {
    const { keys } = SHORTCUTS[name];
    const handler = waiting.at(-1);
    if (handler === undefined) continue;
    if (keys.length === 2 && keys[0] === before && keys[1] === key) return handler;
    if (keys.length === 1 && keys[0] === key) single = handler;
  }
  return single;
}

function nameOf(event: KeyboardEvent): string {
  if (event.ctrlKey || event.metaKey) return `mod+${event.key.toLowerCase()}`;
  return event.altKey ? '' : event.key;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select') !== null)
  );
}

/** Keys belong to an open dialog or menu, not to the screen beneath. */
function hasDialog(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('[role=dialog][aria-modal=true], [role=menu], [role=listbox]') !== null
  );
}

/** `⌘ K` or `Ctrl K`, each key apart. */
export function keyCaps(name: ShortcutName): string[] {
  const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return SHORTCUTS[name].keys.flatMap((key) =>
    key
      .split('+')
      .map((part) => (part === 'mod' ? (isMac ? '⌘' : 'Ctrl') : key.includes('+') ? part.toUpperCase() : part)),
  );
}
