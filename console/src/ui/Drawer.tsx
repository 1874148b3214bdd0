import { ActionIcon } from '@mantine/core';
import { type PointerEvent, type ReactNode, useEffect, useId, useRef } from 'react';
import classes from './Drawer.module.css';
import { Icon } from './Icon.tsx';
import { useText } from './language.tsx';
import { setPreferences, usePreferences } from './preferences.tsx';

const WIDTH_MIN = 420;
const WIDTH_MAX = 720;

/**
 * Details beside a list, which stays in sight and in use; a page of its own when it is narrow. Escape closes it and the focus goes
 * back to where it was.
 */
export function Drawer({
  title,
  kind,
  actions,
  onClose,
  children,
}: {
  title: ReactNode;
  /** What the thing is, above its name: "View". */
  kind?: ReactNode;
  actions?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  const text = useText();
  const id = useId();
  const { drawerWidth } = usePreferences();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const resize = (width: number) => setPreferences({ drawerWidth: Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width)) });
  const drag = (event: PointerEvent) => {
    if (event.buttons === 1) resize(window.innerWidth - event.clientX);
  };
  return (
    <aside
      ref={panel}
      className={classes.drawer}
      style={{ '--drawer-width': `${drawerWidth}px` }}
      aria-labelledby={id}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onClose();
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a line cannot be focused or moved */}
      <div
        className={classes.grip}
        role="separator"
        aria-orientation="vertical"
        aria-label={text('common.resize')}
        aria-valuenow={drawerWidth}
        aria-valuemin={WIDTH_MIN}
        aria-valuemax={WIDTH_MAX}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={(event) => {
          if (event.key === 'ArrowLeft') resize(drawerWidth + 20);
          if (event.key === 'ArrowRight') resize(drawerWidth - 20);
        }}
      />
      <header className={classes.header}>
        <div className={classes.titles}>
          {kind !== undefined && <div className={classes.kind}>{kind}</div>}
          <h2 className={classes.title} id={id}>
            {title}
          </h2>
        </div>
        <div className={classes.actions}>
          {actions}
          <ActionIcon aria-label={text('common.close')} onClick={onClose}>
            <Icon name="close" />
          </ActionIcon>
        </div>
      </header>
      <div className={classes.content}>{children}</div>
    </aside>
  );
}
