import type { MouseEvent, ReactNode } from 'react';
import classes from './TopList.module.css';

export interface TopItem {
  readonly key: string;
  readonly label: ReactNode;
  /** Decides the length of the bar. */
  readonly amount: number;
  readonly value: string;
  readonly second?: ReactNode;
  readonly name: string;
}

interface TopListProps {
  items: readonly TopItem[];
  label: string;
  /** Shift-click and Shift-Enter exclude. */
  onPick: (key: string, isExcluded: boolean) => void;
}

/** Values from the most to the fewest, a bar behind each. */
export function TopList({ items, label, onPick }: TopListProps) {
  const most = Math.max(...items.map((item) => item.amount), 1);
  return (
    <ul className={classes.list} aria-label={label}>
      {items.map((item) => (
        <li key={item.key}>
          <button type="button" title={item.name} onClick={(event: MouseEvent) => onPick(item.key, event.shiftKey)}>
            <i style={{ width: `${(item.amount / most) * 100}%` }} />
            <span className={classes.label}>{item.label}</span>
            <span className={classes.value}>{item.value}</span>
            <span className={classes.second}>{item.second}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
