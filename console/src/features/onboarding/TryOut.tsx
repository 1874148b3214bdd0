import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Onboarding.module.css';
import { SnippetLines } from './SnippetLines.tsx';
import type { SdkId } from './sdks.ts';
import { formOf, tryOut, type Values } from './snippet.ts';

/** A visit without touching the page's code. */
export function TryOut({ sdk, values }: { sdk: SdkId; values: Values }) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const form = formOf(sdk);
  if (form === undefined) return null;
  return (
    <Panel
      title={text('onboarding.try_out')}
      actions={
        <>
          <Button
            leftSection={<Icon name="external" size={14} />}
            renderRoot={(props) => (
              <Link to="/test-page/$app" params={{ app: values.appId }} target="_blank" preload={false} {...props} />
            )}
          >
            {text('onboarding.test_open')}
          </Button>
          <Button variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {text('onboarding.try_out_show')}
          </Button>
        </>
      }
    >
      {isOpen ? (
        <>
          <SnippetLines label={text('onboarding.try_out')} lines={tryOut(form, values)} />
          <p className={classes.hint}>{text('onboarding.note_script')}</p>
        </>
      ) : (
        <p className={classes.hint}>{text('onboarding.try_out_lead')}</p>
      )}
    </Panel>
  );
}
