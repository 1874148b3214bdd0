import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useFormat } from '../../ui/format.tsx';
import { useRichText, useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import classes from './Applications.module.css';
import type { Row } from './rows.ts';

const SHOWN_MAX = 4;

/** Those that need somebody: gone quiet, or never heard of. */
export function Notes({ rows }: { rows: readonly Row[] }) {
  const text = useText();
  const rich = useRichText();
  const format = useFormat();
  const noted = rows.filter((row) => row.activity?.state === 'quiet' || row.activity?.state === 'waiting');
  return (
    <div className={classes.notes}>
      {noted.slice(0, SHOWN_MAX).map(({ application, activity }) => {
        const name = <b>{application.name}</b>;
        const last = activity?.last_event_at ?? null;
        if (activity?.state === 'quiet' && last !== null) {
          return (
            <Note
              key={application.app_id}
              tone="warn"
              actions={
                <Button variant="default" renderRoot={(props) => <Link to="/intake" {...props} />}>
                  {text('applications.look_at_intake')}
                </Button>
              }
            >
              {rich('applications.is_quiet', { name, ago: format.ago(last) })}
            </Note>
          );
        }
        return (
          <Note
            key={application.app_id}
            icon="live"
            actions={
              <Button
                variant="default"
                renderRoot={(props) => (
                  <Link to="/applications/$app/onboarding" params={{ app: application.app_id }} {...props} />
                )}
              >
                {text('applications.continue_setup')}
              </Button>
            }
          >
            {rich('applications.is_waiting', { name, ago: format.ago(application.created_at) })}
          </Note>
        );
      })}
    </div>
  );
}
