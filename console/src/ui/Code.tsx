import type { ReactNode } from 'react';
import classes from './Code.module.css';
import { CopyButton } from './CopyButton.tsx';

interface CodeProps {
  /** What is copied. */
  text: string;
  label: string;
  /** One long line: it wraps, so that all of it is in sight. */
  isWrapped?: boolean;
  /** The text with parts of it marked. */
  children?: ReactNode;
}

/** A block to copy. */
export function Code({ text, label, isWrapped = false, children }: CodeProps) {
  return (
    <div className={classes.code}>
      <div className={classes.copy}>
        <CopyButton value={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls must be reachable by keyboard */}
      <section className={classes.scroller} tabIndex={0} aria-label={label}>
        <pre className={classes.pre} data-wrapped={isWrapped || undefined}>
          {children ?? text}
        </pre>
      </section>
    </div>
  );
}
