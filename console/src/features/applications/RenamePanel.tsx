import { Button, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { LIST_GAP } from '../../lib/text/message.ts';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { useApplicationChange } from './queries.ts';

/** Another app_id. What names the old one is told, since some of it only people can change. */
export function RenamePanel({ app, earlier }: { app: string; earlier: readonly string[] }) {
  const text = useText();
  const language = useLanguage();
  const navigate = useNavigate();
  const [id, setId] = useState(app);
  const rename = useApplicationChange(() =>
    unwrap(
      client.POST('/api/v1/applications/{app_id}/rename', {
        params: { path: { app_id: app } },
        body: { app_id: id },
      }),
    ),
  );
  return (
    <Panel title={text('applications.rename')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate(undefined, {
            onSuccess: ({ app_id }) =>
              void navigate({ to: '/applications/$app/settings', params: { app: app_id }, replace: true }),
          });
        }}
      >
        <div className={form.row}>
          <TextInput
            className={form.grow ?? ''}
            label={text('applications.app_id')}
            value={id}
            onChange={(event) => setId(event.currentTarget.value)}
            pattern="[A-Za-z0-9_.\-]{1,64}"
            autoComplete="off"
            spellCheck={false}
            required
            withAsterisk={false}
          />
          <Button type="submit" variant="default" loading={rename.isPending} disabled={id === app}>
            {text('applications.rename_submit')}
          </Button>
        </div>
        <p className={form.hint}>{text('applications.rename_lead', { app })}</p>
        {earlier.length > 0 && (
          <p className={form.hint}>{text('applications.earlier_ids', { ids: earlier.join(LIST_GAP[language]) })}</p>
        )}
        <FormError error={rename.error} />
      </form>
    </Panel>
  );
}
