import { useState } from 'react';
import type { Application } from '../../api/applications.ts';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { ConfirmByName } from '../../ui/ConfirmByName.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { DangerButton } from '../../ui/DangerButton.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Applications.module.css';
import { useApplicationChange } from './queries.ts';

/** The end of an application: its name typed, and a receipt of what goes. */
export function DeletePanel({ app, application }: { app: string; application: Application | undefined }) {
  const text = useText();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const remove = useApplicationChange(() =>
    unwrap(client.DELETE('/api/v1/applications/{app_id}', { params: { path: { app_id: app } } })),
  );
  const receipt = remove.data;
  if (receipt !== undefined) {
    const lines = [
      [text('applications.name'), receipt.name],
      [text('applications.app_id'), receipt.app_id],
      [text('applications.deleted_at'), format.time(receipt.requested_at, 'seconds')],
      [text('applications.tokens_revoked'), format.count(receipt.tokens_revoked)],
    ] as const;
    return (
      <Note
        tone="ok"
        actions={
          <CopyButton
            value={lines.map((line) => line.join(': ')).join('\n')}
            label={text('applications.copy_receipt')}
          />
        }
      >
        <p>{text('applications.deleted_lead')}</p>
        <dl className={classes.receipt}>
          {lines.map(([name, value]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Note>
    );
  }
  if (application === undefined) return null;
  return (
    <Panel title={text('applications.delete')}>
      <p style={{ marginBottom: 8 }}>{text('applications.delete_lead')}</p>
      <DangerButton onClick={() => setOpen(true)}>{text('applications.delete')}</DangerButton>
      <ConfirmByName
        isOpen={isOpen}
        title={text('applications.delete')}
        name={application.name}
        action={text('applications.delete')}
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined, { onSuccess: () => setOpen(false) })}
        onClose={() => {
          remove.reset();
          setOpen(false);
        }}
      >
        <p>{text('applications.delete_lead')}</p>
      </ConfirmByName>
    </Panel>
  );
}
