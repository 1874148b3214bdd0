import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon.tsx';
import classes from './Note.module.css';

/** Something to read before or beside the content: a warning, a refusal, a piece of advice. */
export function Note({
  tone = 'plain',
  icon,
  actions,
  children,
}: {
  tone?: 'plain' | 'warn' | 'danger' | 'ok';
  icon?: IconName;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={classes.note} data-tone={tone}>
      <span className={classes.icon}>
        <Icon name={icon ?? (tone === 'plain' ? 'info' : tone === 'ok' ? 'check' : 'warning')} />
      </span>
      <div className={classes.body}>
        {children}
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
    </div>
  );
}
