import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { mayAct, type Role, sessionQuery } from '../../api/session.ts';
import { Async } from '../../ui/Async.tsx';
import { ConfirmByName } from '../../ui/ConfirmByName.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { FormError } from '../../ui/FormError.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { ROLE_NAMES, ROLES } from '../../ui/roles.ts';
import { Tag } from '../../ui/Tag.tsx';
import { Invitations } from './Invitations.tsx';
import { type Member, membersQuery, useChange } from './queries.ts';

export function Members() {
  const text = useText();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  return (
    <Page title={text('shell.members')} lead={text('settings.members_lead')}>
      {isAdmin && <Invitations />}
      <MembersPanel own={session?.member ?? null} />
    </Page>
  );
}

function MembersPanel({ own }: { own: { id: string; role: Role } | null }) {
  const text = useText();
  const format = useFormat();
  const members = useQuery(membersQuery);
  const [leaving, setLeaving] = useState<Member | null>(null);
  const setRole = useChange(({ id, role }: { id: string; role: Role }) =>
    unwrap(client.PATCH('/api/v1/members/{id}', { params: { path: { id } }, body: { role } })),
  );
  const remove = useChange((id: string) => unwrap(client.DELETE('/api/v1/members/{id}', { params: { path: { id } } })));
  // Admins change everybody but owners; owners change everybody.
  const mayChange = (member: Member) =>
    member.id !== own?.id && mayAct(own?.role, member.role === 'owner' ? 'owner' : 'admin');
  const roles = ROLES.filter((role) => role !== 'owner' || own?.role === 'owner');
  const columns: Column<Member>[] = [
    {
      id: 'name',
      label: text('settings.name'),
      cell: (member) => (
        <>
          <b>{member.name}</b> {member.id === own?.id && <Tag>{text('settings.you')}</Tag>}
        </>
      ),
    },
    { id: 'email', label: text('access.email'), cell: (member) => member.email },
    {
      id: 'role',
      label: text('settings.role'),
      width: 150,
      cell: (member) =>
        mayChange(member) ? (
          <Select
            aria-label={text('settings.role_of', { name: member.name })}
            data={roles.map((role) => ({ value: role, label: text(ROLE_NAMES[role]) }))}
            value={member.role}
            allowDeselect={false}
            size="xs"
            onChange={(value) => {
              const role = ROLES.find((one) => one === value);
              if (role !== undefined) setRole.mutate({ id: member.id, role });
            }}
          />
        ) : (
          text(ROLE_NAMES[member.role])
        ),
    },
    {
      id: 'seen',
      label: text('settings.last_seen'),
      width: 130,
      cell: (member) => (member.last_seen_at === null ? text('common.never') : format.ago(member.last_seen_at)),
    },
    {
      id: 'remove',
      label: '',
      align: 'right',
      width: 110,
      cell: (member) =>
        mayChange(member) && (
          <Button variant="default" size="compact-xs" onClick={() => setLeaving(member)}>
            {text('settings.remove')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={text('shell.members')} isFlush>
      <FormError error={setRole.error} />
      <Async of={members} skeleton={132}>
        {(rows) => (
          <DataTable
            label={text('shell.members')}
            columns={columns}
            rows={rows}
            keyOf={(one) => one.id}
            isTall
            hasCards
          />
        )}
      </Async>
      {leaving !== null && (
        <ConfirmByName
          isOpen
          title={text('settings.remove_member')}
          name={leaving.email}
          action={text('settings.remove')}
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(leaving.id, { onSuccess: () => setLeaving(null) })}
          onClose={() => {
            remove.reset();
            setLeaving(null);
          }}
        >
          <p>{text('settings.remove_member_lead', { name: leaving.name })}</p>
        </ConfirmByName>
      )}
    </Panel>
  );
}
