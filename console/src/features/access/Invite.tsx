import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer } from '../../api/types.ts';
import { Async } from '../../ui/Async.tsx';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { ROLE_NAMES } from '../../ui/roles.ts';
import { Gate } from './Gate.tsx';
import { invitationQuery, useEnter } from './queries.ts';
import { inviteRoute } from './route.tsx';

export function Invite() {
  const text = useText();
  const { token } = inviteRoute.useSearch();
  if (token === undefined) {
    return (
      <Gate title={text('access.invite_title')}>
        <Note tone="warn">{text('access.no_token')}</Note>
      </Gate>
    );
  }
  return <Invitation token={token} />;
}

function Invitation({ token }: { token: string }) {
  const text = useText();
  const invitation = useQuery(invitationQuery(token));
  return (
    <Gate title={text('access.invite_title')}>
      <Async of={invitation} skeleton={220}>
        {(shown) => <InviteForm token={token} invitation={shown} />}
      </Async>
    </Gate>
  );
}

function InviteForm({ token, invitation }: { token: string; invitation: Answer<'/api/v1/invitations/accept'> }) {
  const text = useText();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const enter = useEnter(
    (body: { token: string; name: string; password: string }) =>
      unwrap(client.POST('/api/v1/invitations/accept', { body })),
    '/',
  );
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        enter.mutate({ token, name, password });
      }}
    >
      <p>{text('access.invite_lead', { workspace: invitation.workspace, role: text(ROLE_NAMES[invitation.role]) })}</p>
      <TextInput label={text('access.email')} value={invitation.email} autoComplete="username" readOnly />
      <TextInput
        label={text('access.name')}
        autoComplete="name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        withAsterisk={false}
        autoFocus
      />
      <PasswordField label={text('access.password')} value={password} onChange={setPassword} />
      <FormError error={enter.error} />
      <Button type="submit" loading={enter.isPending}>
        {text('access.invite_submit')}
      </Button>
    </form>
  );
}
