import type { ReactNode } from 'react';
import classes from './Code.module.css';
import { CopyButton } from './CopyButton.tsx';

/** A block to copy. `children` may mark parts of it; `text` is what is copied. */
export function Code({ text, label, children }: { text: string; label: string; children?: ReactNode }) {
  return (
    <div className={classes.code}>
      <div className={classes.copy}>
        <CopyButton value={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls must be reachable by keyboard */}
      <section className={classes.scroller} tabIndex={0} aria-label={label}>
        <pre className={classes.pre}>{children ?? text}</pre>
      </section>
    </div>
  );
}
