import { Button } from '@mantine/core';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { PasswordField } from '../../ui/PasswordField.tsx';
import { Gate } from './Gate.tsx';
import { useEnter } from './queries.ts';
import { resetRoute } from './route.tsx';

export function Reset() {
  const text = useText();
  const { token } = resetRoute.useSearch();
  return (
    <Gate title={text('access.reset_title')}>
      {token === undefined ? <Note tone="warn">{text('access.no_token')}</Note> : <ResetForm token={token} />}
    </Gate>
  );
}

function ResetForm({ token }: { token: string }) {
  const text = useText();
  const [password, setPassword] = useState('');
  const enter = useEnter(
    (body: { token: string; password: string }) => unwrap(client.POST('/api/v1/password_reset', { body })),
    '/',
  );
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        enter.mutate({ token, password });
      }}
    >
      <PasswordField label={text('access.new_password')} value={password} onChange={setPassword} />
      <FormError error={enter.error} />
      <Button type="submit" loading={enter.isPending}>
        {text('access.reset_submit')}
      </Button>
    </form>
  );
}
