import { Button, Modal, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import classes from './ConfirmByName.module.css';
import { DangerButton } from './DangerButton.tsx';
import { FormError } from './FormError.tsx';
import { useText } from './language.tsx';

/** Asks for the name before something goes for good. */
export function ConfirmByName({
  title,
  name,
  action,
  isOpen,
  isBusy,
  error,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  name: string;
  /** What the button says: "Delete application". */
  action: string;
  isOpen: boolean;
  isBusy: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const text = useText();
  const [typed, setTyped] = useState('');
  const close = () => {
    setTyped('');
    onClose();
  };
  return (
    <Modal opened={isOpen} onClose={close} title={title} closeButtonProps={{ 'aria-label': text('common.close') }}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === name) onConfirm();
        }}
      >
        {children}
        <TextInput
          label={text('common.type_name_to_confirm', { name })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <FormError error={error} />
        <div className={classes.actions}>
          <Button variant="default" onClick={close}>
            {text('common.cancel')}
          </Button>
          <DangerButton type="submit" disabled={typed !== name} loading={isBusy}>
            {action}
          </DangerButton>
        </div>
      </form>
    </Modal>
  );
}
