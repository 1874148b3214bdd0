import classes from './AppMark.module.css';

const SLOTS = 8;

/** The square with an application's first letter; its colour follows from the id, so it is the same everywhere. */
export function AppMark({ id, name, size = 20 }: { id: string; name: string; size?: 20 | 24 }) {
  let hash = 0;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  const [first = '?'] = name.trim();
  return (
    <span className={classes.mark} data-slot={hash % SLOTS} data-size={size} aria-hidden="true">
      {first.toUpperCase()}
    </span>
  );
}
