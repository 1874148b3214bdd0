import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { isProblem, unwrap } from '../../api/problem.ts';
import { sessionQuery } from '../../api/session.ts';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useText } from '../../ui/language.tsx';
import { useNow } from '../../ui/use-now.ts';
import { Gate } from './Gate.tsx';
import { ownPath, useEnter } from './queries.ts';
import { signInRoute } from './route.tsx';

export function SignIn() {
  const text = useText();
  const { next } = signInRoute.useSearch();
  const { data: session } = useQuery(sessionQuery);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const enter = useEnter(
    (body: { email: string; password: string }) => unwrap(client.POST('/api/v1/session', { body })),
    next,
  );
  const wait = useWait(enter.error, enter.submittedAt);
  if (session?.state === 'setup') return <Navigate to="/setup" />;
  if (session?.state === 'signed_in' && !enter.isPending) return <Navigate to={ownPath(next)} />;
  return (
    <Gate title={text('access.sign_in')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate({ email, password });
        }}
      >
        <TextInput
          label={text('access.email')}
          type="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          label={text('access.password')}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': text('access.show_password') }}
        />
        <FormError error={enter.error} />
        {wait > 0 && <p className={form.hint}>{text('access.wait', { seconds: wait })}</p>}
        <Button type="submit" loading={enter.isPending} disabled={wait > 0}>
          {text('access.sign_in')}
        </Button>
      </form>
      <p className={form.hint}>{text('access.forgotten')}</p>
    </Gate>
  );
}

/** Seconds until another attempt is heard, counted down. */
function useWait(error: Error | null, since: number): number {
  const now = useNow(1000);
  if (!isProblem(error, 'too_many_attempts')) return 0;
  return Math.max(0, Math.ceil((error.retryAfterSeconds ?? 1) - (now - since) / 1000));
}
