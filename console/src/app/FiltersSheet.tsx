import { Drawer } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../ui/Icon.tsx';
import { useText } from '../ui/language.tsx';
import { useScope } from '../ui/scope.tsx';
import { EnvironmentPicker } from './EnvironmentPicker.tsx';
import classes from './FiltersSheet.module.css';

/** Under 860 px: what the top bar has no room for, behind one button that says how much of it is set. */
export function FiltersSheet() {
  const text = useText();
  const { env } = useScope();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className={classes.button} onClick={() => setOpen(true)}>
        <Icon name="filter" />
        <span className="ff-hidden">
          {env === undefined ? text('shell.filters') : text('shell.filters_n', { n: 1 })}
        </span>
        {env !== undefined && <span className={classes.count}>1</span>}
      </button>
      <Drawer
        opened={isOpen}
        onClose={() => setOpen(false)}
        position="bottom"
        size="auto"
        title={text('shell.filters')}
        closeButtonProps={{ 'aria-label': text('common.close') }}
      >
        <div className={classes.tools}>
          <EnvironmentPicker />
        </div>
      </Drawer>
    </>
  );
}
