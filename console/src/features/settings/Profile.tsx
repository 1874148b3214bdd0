import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { sessionQuery } from '../../api/session.ts';
import { Async } from '../../ui/Async.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useFormat } from '../../ui/format.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { ROLE_NAMES } from '../../ui/roles.ts';
import { Tag } from '../../ui/Tag.tsx';
import { deviceOf } from './device.ts';
import { type OwnSession, ownSessionsQuery, useChange } from './queries.ts';

export function Profile() {
  const text = useText();
  const { data: session } = useQuery(sessionQuery);
  const member = session?.member;
  if (member === undefined || member === null) return null;
  return (
    <Page
      title={text('shell.profile')}
      lead={`${member.email} · ${text(ROLE_NAMES[member.role])}`}
      actions={<SignOut />}
      isNarrow
    >
      <NamePanel key={member.name} name={member.name} />
      <PasswordPanel email={member.email} />
      <SessionsPanel />
    </Page>
  );
}

function SignOut() {
  const text = useText();
  const queries = useQueryClient();
  const router = useRouter();
  const leave = useMutation({
    mutationFn: () => unwrap(client.DELETE('/api/v1/session')),
    onSuccess: async () => {
      queries.clear();
      await router.navigate({ to: '/sign-in' });
    },
  });
  return (
    <>
      <FormError error={leave.error} />
      <Button
        variant="default"
        leftSection={<Icon name="signout" size={14} />}
        loading={leave.isPending}
        onClick={() => leave.mutate()}
      >
        {text('shell.sign_out')}
      </Button>
    </>
  );
}

function NamePanel({ name }: { name: string }) {
  const text = useText();
  const queries = useQueryClient();
  const [value, setValue] = useState(name);
  const rename = useMutation({
    mutationFn: () => unwrap(client.PATCH('/api/v1/me', { body: { name: value } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  return (
    <Panel title={text('settings.name')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate();
        }}
      >
        <div className={form.row}>
          <TextInput
            className={form.grow ?? ''}
            label={text('access.name')}
            autoComplete="name"
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
            required
            withAsterisk={false}
          />
          <Button type="submit" variant="default" loading={rename.isPending} disabled={value.trim() === name}>
            {text('common.save')}
          </Button>
        </div>
        <FormError error={rename.error} />
      </form>
    </Panel>
  );
}

function PasswordPanel({ email }: { email: string }) {
  const text = useText();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useChange(() =>
    unwrap(client.POST('/api/v1/me/password', { body: { current_password: current, new_password: next } })),
  );
  return (
    <Panel title={text('settings.change_password')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(undefined, {
            onSuccess: () => {
              setCurrent('');
              setNext('');
            },
          });
        }}
      >
        {/* Password managers want to know whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <PasswordInput
          label={text('settings.current_password')}
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': text('access.show_password') }}
        />
        <PasswordField label={text('access.new_password')} value={next} onChange={setNext} />
        <FormError error={change.error} />
        {change.isSuccess && <Note tone="ok">{text('settings.password_changed')}</Note>}
        <div className={form.actions}>
          <Button type="submit" variant="default" loading={change.isPending}>
            {text('settings.change_password')}
          </Button>
          <p className={form.hint}>{text('settings.password_ends_sessions')}</p>
        </div>
      </form>
    </Panel>
  );
}

function SessionsPanel() {
  const text = useText();
  const format = useFormat();
  const sessions = useQuery(ownSessionsQuery);
  const end = useChange((id: string) =>
    unwrap(client.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } })),
  );
  const columns: Column<OwnSession>[] = [
    {
      id: 'device',
      label: text('settings.device'),
      cell: (one) => (
        <span title={one.user_agent ?? undefined}>
          {deviceOf(one.user_agent ?? '') ?? text('settings.unknown_device')}{' '}
          {one.is_current && <Tag tone="ok">{text('settings.this_session')}</Tag>}
        </span>
      ),
    },
    { id: 'ip', label: text('settings.address'), width: '22%', cell: (one) => one.ip ?? '—' },
    { id: 'used', label: text('settings.last_used'), width: '18%', cell: (one) => format.ago(one.last_used_at) },
    {
      id: 'end',
      label: '',
      align: 'right',
      width: 110,
      cell: (one) =>
        !one.is_current && (
          <Button
            variant="default"
            size="compact-xs"
            loading={end.isPending && end.variables === one.id}
            onClick={() => end.mutate(one.id)}
          >
            {text('settings.end_session')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={text('settings.sessions')} sub={text('settings.sessions_sub')} isFlush>
      <FormError error={end.error} />
      <Async of={sessions} skeleton={96}>
        {(rows) => (
          <DataTable label={text('settings.sessions')} columns={columns} rows={rows} keyOf={(one) => one.id} hasCards />
        )}
      </Async>
    </Panel>
  );
}
