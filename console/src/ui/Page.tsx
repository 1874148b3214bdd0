import type { ReactNode } from 'react';
import classes from './Page.module.css';

/** The content of a screen: one title, what it is about in a sentence, then its parts. */
export function Page({
  title,
  beside,
  lead,
  actions,
  isNarrow = false,
  children,
}: {
  title: ReactNode;
  /** Chips beside the title. */
  beside?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Forms and prose read better in a column. */
  isNarrow?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={isNarrow ? classes.narrow : classes.page}>
      <div className={classes.head}>
        <div className={classes.titles}>
          <div className={classes.titleRow}>
            <h1 className={classes.title}>{title}</h1>
            {beside}
          </div>
          {lead !== undefined && <p className={classes.lead}>{lead}</p>}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}
