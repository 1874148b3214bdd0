import { Button, type ButtonProps } from '@mantine/core';
import type { ComponentPropsWithoutRef } from 'react';
import classes from './DangerButton.module.css';

/** For what cannot be undone. */
export function DangerButton(props: ButtonProps & ComponentPropsWithoutRef<'button'>) {
  return <Button variant="default" className={classes.danger ?? ''} {...props} />;
}
