import { Button, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { type Role, sessionQuery } from '../../api/session.ts';
import { Async } from '../../ui/Async.tsx';
import { CopyField } from '../../ui/CopyField.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { ROLE_NAMES, ROLES } from '../../ui/roles.ts';
import classes from './Invitations.module.css';
import { type Invitation, invitationsQuery, useChange } from './queries.ts';

/** Whoever has the link joins in the role it names; the link is shown once. */
export function Invitations() {
  const text = useText();
  const { data: session } = useQuery(sessionQuery);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('member');
  const invite = useChange((body: { email: string; role: Role }) =>
    unwrap(client.POST('/api/v1/invitations', { body })),
  );
  const roles = ROLES.filter((one) => one !== 'owner' || session?.member?.role === 'owner');
  return (
    <Panel title={text('settings.invite')} sub={text('settings.invite_sub')}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate({ email, role }, { onSuccess: () => setEmail('') });
        }}
      >
        <div className={form.row}>
          <TextInput
            className={form.grow ?? ''}
            label={text('access.email')}
            type="email"
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            required
            withAsterisk={false}
          />
          <Select
            label={text('settings.role')}
            data={roles.map((one) => ({ value: one, label: text(ROLE_NAMES[one]) }))}
            value={role}
            allowDeselect={false}
            onChange={(value) => setRole(ROLES.find((one) => one === value) ?? 'member')}
          />
          <Button type="submit" loading={invite.isPending}>
            {text('settings.invite_submit')}
          </Button>
        </div>
        <p className={form.hint}>{text('settings.roles_explained')}</p>
        <FormError error={invite.error} />
        {invite.data !== undefined && (
          <Note tone="ok">
            <p>{text('settings.invite_link', { email: invite.data.email })}</p>
            <CopyField
              label={text('settings.invite_link_label')}
              value={`${window.location.origin}${invite.data.path}`}
            />
          </Note>
        )}
      </form>
      <Open />
    </Panel>
  );
}

/** Invitations that nobody has taken up yet. */
function Open() {
  const text = useText();
  const format = useFormat();
  const invitations = useQuery(invitationsQuery);
  const remove = useChange((id: string) =>
    unwrap(client.DELETE('/api/v1/invitations/{id}', { params: { path: { id } } })),
  );
  const columns: Column<Invitation>[] = [
    { id: 'email', label: text('access.email'), cell: (one) => one.email },
    { id: 'role', label: text('settings.role'), width: 150, cell: (one) => text(ROLE_NAMES[one.role]) },
    { id: 'expires', label: text('settings.expires'), width: 130, cell: (one) => format.time(one.expires_at) },
    {
      id: 'remove',
      label: '',
      align: 'right',
      width: 110,
      cell: (one) => (
        <Button variant="default" size="compact-xs" onClick={() => remove.mutate(one.id)}>
          {text('settings.withdraw')}
        </Button>
      ),
    },
  ];
  return (
    <>
      <FormError error={remove.error} />
      <Async of={invitations} skeleton={0} isEmpty={(rows) => rows.length === 0} empty={null}>
        {(rows) => (
          <div className={classes.open}>
            <h3>{text('settings.open_invitations')}</h3>
            <DataTable
              label={text('settings.open_invitations')}
              columns={columns}
              rows={rows}
              keyOf={(one) => one.id}
              hasCards
            />
          </div>
        )}
      </Async>
    </>
  );
}
