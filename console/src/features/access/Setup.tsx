import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { sessionQuery } from '../../api/session.ts';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Gate } from './Gate.tsx';
import { useEnter } from './queries.ts';
import { setupRoute } from './route.tsx';

/** The first start: whoever holds the link of the server's log becomes the owner. */
export function Setup() {
  const text = useText();
  const { token } = setupRoute.useSearch();
  const { data: session } = useQuery(sessionQuery);
  if (session !== undefined && session.state !== 'setup') {
    return (
      <Gate title={text('access.setup_title')}>
        <Note>{text('access.setup_done')}</Note>
        <Link to="/sign-in">{text('access.sign_in')}</Link>
      </Gate>
    );
  }
  if (token === undefined) {
    return (
      <Gate title={text('access.setup_title')}>
        <Note tone="warn">{text('access.setup_no_token')}</Note>
      </Gate>
    );
  }
  return <SetupForm token={token} />;
}

function SetupForm({ token }: { token: string }) {
  const text = useText();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const enter = useEnter(
    (body: { token: string; name: string; email: string; password: string }) =>
      unwrap(client.POST('/api/v1/setup', { body })),
    '/applications/new',
  );
  return (
    <Gate title={text('access.setup_title')} lead={text('access.setup_lead')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate({ token, name, email, password });
        }}
      >
        <TextInput
          label={text('access.name')}
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          withAsterisk={false}
          autoFocus
        />
        <TextInput
          label={text('access.email')}
          type="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          required
          withAsterisk={false}
        />
        <PasswordField label={text('access.password')} value={password} onChange={setPassword} />
        <FormError error={enter.error} />
        <Button type="submit" loading={enter.isPending}>
          {text('access.setup_submit')}
        </Button>
      </form>
    </Gate>
  );
}
