import { Button, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { Async } from '../../ui/Async.tsx';
import { ConfirmByName } from '../../ui/ConfirmByName.tsx';
import { CopyField } from '../../ui/CopyField.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { type ApiKey, apiKeysQuery, useChange } from './queries.ts';

type Rights = ApiKey['rights'];

export function ApiKeys() {
  const text = useText();
  return (
    <Page title={text('shell.api_keys')} lead={text('settings.keys_lead')}>
      <Create />
      <List />
    </Page>
  );
}

function Create() {
  const text = useText();
  const [name, setName] = useState('');
  const [rights, setRights] = useState<Rights>('read');
  const create = useChange((body: { name: string; rights: Rights }) =>
    unwrap(client.POST('/api/v1/api_keys', { body })),
  );
  return (
    <Panel title={text('settings.new_key')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ name, rights }, { onSuccess: () => setName('') });
        }}
      >
        <div className={form.row}>
          <TextInput
            className={form.grow ?? ''}
            label={text('settings.key_name')}
            placeholder={text('settings.key_name_example')}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
          />
          <Select
            label={text('settings.rights')}
            data={[
              { value: 'read', label: text('settings.rights_read') },
              { value: 'full', label: text('settings.rights_full') },
            ]}
            value={rights}
            allowDeselect={false}
            onChange={(value) => setRights(value === 'full' ? 'full' : 'read')}
          />
          <Button type="submit" loading={create.isPending}>
            {text('settings.create_key')}
          </Button>
        </div>
        <FormError error={create.error} />
        {create.data !== undefined && (
          <Note tone="ok">
            <p>{text('settings.key_once')}</p>
            <CopyField label={text('settings.key')} value={create.data.secret} />
          </Note>
        )}
      </form>
    </Panel>
  );
}

function List() {
  const text = useText();
  const format = useFormat();
  const keys = useQuery(apiKeysQuery);
  const [leaving, setLeaving] = useState<ApiKey | null>(null);
  const remove = useChange((id: string) =>
    unwrap(client.DELETE('/api/v1/api_keys/{id}', { params: { path: { id } } })),
  );
  const columns: Column<ApiKey>[] = [
    { id: 'name', label: text('settings.name'), cell: (key) => <b>{key.name}</b> },
    {
      id: 'prefix',
      label: text('settings.key'),
      width: 200,
      cell: (key) => (key.prefix === '' ? text('settings.key_of_server') : <code>{key.prefix}…</code>),
    },
    {
      id: 'rights',
      label: text('settings.rights'),
      width: 120,
      cell: (key) => text(key.rights === 'full' ? 'settings.rights_full' : 'settings.rights_read'),
    },
    { id: 'created', label: text('settings.created'), width: 130, cell: (key) => format.time(key.created_at) },
    {
      id: 'used',
      label: text('settings.last_used'),
      width: 130,
      cell: (key) => (key.last_used_at === null ? text('common.never') : format.ago(key.last_used_at)),
    },
    {
      id: 'remove',
      label: '',
      align: 'right',
      width: 100,
      cell: (key) =>
        key.prefix !== '' && (
          <Button variant="default" size="compact-xs" onClick={() => setLeaving(key)}>
            {text('common.delete')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={text('shell.api_keys')} isFlush>
      <Async
        of={keys}
        skeleton={120}
        isEmpty={(rows) => rows.length === 0}
        empty={<EmptyState icon="key" text={text('settings.no_keys')} />}
      >
        {(rows) => (
          <DataTable label={text('shell.api_keys')} columns={columns} rows={rows} keyOf={(key) => key.id} hasCards />
        )}
      </Async>
      {leaving !== null && (
        <ConfirmByName
          isOpen
          title={text('settings.delete_key')}
          name={leaving.name}
          action={text('settings.delete_key')}
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(leaving.id, { onSuccess: () => setLeaving(null) })}
          onClose={() => {
            remove.reset();
            setLeaving(null);
          }}
        >
          <p>{text('settings.delete_key_lead')}</p>
        </ConfirmByName>
      )}
    </Panel>
  );
}
