import classes from './Keys.module.css';
import type { ShortcutName } from './shortcut-table.ts';
import { keyCaps } from './shortcuts.tsx';

/** The caps of a shortcut. */
export function Keys({ of: name }: { of: ShortcutName }) {
  return <Caps keys={keyCaps(name)} />;
}

export function Caps({ keys }: { keys: readonly string[] }) {
  return (
    <span className={classes.keys}>
      {keys.map((key) => (
        <kbd className={classes.key} key={key}>
          {key}
        </kbd>
      ))}
    </span>
  );
}
