import type { ReactNode } from 'react';
import classes from './Tag.module.css';

export type Tone = 'plain' | 'danger' | 'warn' | 'ok' | 'accent' | 'line';

export function Tag({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  );
}

/** A state as a dot; the word beside it says the same. */
export function Dot({ tone, isLive = false }: { tone: 'ok' | 'warn' | 'danger' | 'off'; isLive?: boolean }) {
  return <span className={classes.dot} data-tone={tone} data-live={isLive || undefined} aria-hidden="true" />;
}
