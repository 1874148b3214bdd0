import type { ReactNode } from 'react';
import classes from './EmptyState.module.css';
import { Icon, type IconName } from './Icon.tsx';

/** Why there is nothing here, and the next step. */
export function EmptyState({
  icon = 'search',
  text,
  action,
}: {
  icon?: IconName;
  text: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={classes.empty}>
      <span className={classes.icon}>
        <Icon name={icon} size={20} />
      </span>
      <p className={classes.text}>{text}</p>
      {action}
    </div>
  );
}
