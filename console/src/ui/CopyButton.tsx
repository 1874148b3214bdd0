import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { copyText } from './clipboard.ts';
import { Icon } from './Icon.tsx';
import { useText } from './language.tsx';

const SHOWN_MS = 2000;

/** Copies a text and says so in place. */
export function CopyButton({ value, label, isIcon = false }: { value: string; label?: string; isIcon?: boolean }) {
  const text = useText();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => setState((await copyText(value)) ? 'copied' : 'failed');
  const words =
    state === 'copied'
      ? text('common.copied')
      : state === 'failed'
        ? text('common.copy_failed')
        : (label ?? text('common.copy'));
  const icon = <Icon name={state === 'copied' ? 'check' : 'copy'} size={14} />;
  const announced = (
    <span role="status" className="ff-hidden">
      {state === 'idle' ? '' : words}
    </span>
  );
  if (isIcon) {
    return (
      <>
        <Tooltip label={words}>
          <ActionIcon variant="subtle" color="gray" aria-label={label ?? text('common.copy')} onClick={copy}>
            {icon}
          </ActionIcon>
        </Tooltip>
        {announced}
      </>
    );
  }
  return (
    <>
      <Button variant="default" leftSection={icon} onClick={copy}>
        {words}
      </Button>
      {announced}
    </>
  );
}
