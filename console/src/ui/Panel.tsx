import { type ReactNode, useId } from 'react';
import classes from './Panel.module.css';

/** A framed part of a screen: title, a few words of scope, actions on the right. */
export function Panel({
  title,
  sub,
  actions,
  foot,
  isFlush = false,
  children,
}: {
  title?: ReactNode;
  sub?: ReactNode;
  actions?: ReactNode;
  foot?: ReactNode;
  /** Content reaches the frame: tables and lists. */
  isFlush?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={title === undefined ? undefined : id}>
      {(title !== undefined || actions !== undefined) && (
        <header className={classes.header}>
          {title !== undefined && (
            <h2 className={classes.title} id={id}>
              {title}
            </h2>
          )}
          {sub !== undefined && <span className={classes.sub}>{sub}</span>}
          {actions !== undefined && <div className={classes.actions}>{actions}</div>}
        </header>
      )}
      <div className={isFlush ? classes.flush : classes.body}>{children}</div>
      {foot !== undefined && <footer className={classes.foot}>{foot}</footer>}
    </section>
  );
}
