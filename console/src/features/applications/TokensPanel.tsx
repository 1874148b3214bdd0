import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Token, tokensQuery } from '../../api/applications.ts';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { Async } from '../../ui/Async.tsx';
import { ConfirmByName } from '../../ui/ConfirmByName.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FormError } from '../../ui/FormError.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { Tag } from '../../ui/Tag.tsx';
import classes from './Applications.module.css';
import { useApplicationChange } from './queries.ts';

const HOUR = 3600;
const OVERLAPS = ['0', String(24 * HOUR), String(7 * 24 * HOUR), String(30 * 24 * HOUR)];

/** Client tokens: made, replaced with an overlap, taken back. */
export function TokensPanel({ app }: { app: string }) {
  const text = useText();
  const tokens = useQuery(tokensQuery(app));
  const [overlap, setOverlap] = useState(String(7 * 24 * HOUR));
  const [leaving, setLeaving] = useState<Token | null>(null);
  const create = useApplicationChange(() =>
    unwrap(client.POST('/api/v1/applications/{app_id}/tokens', { params: { path: { app_id: app } } })),
  );
  const rotate = useApplicationChange((id: string) =>
    unwrap(
      client.POST('/api/v1/applications/{app_id}/tokens/{id}/rotate', {
        params: { path: { app_id: app, id } },
        body: { overlap_seconds: Number(overlap) },
      }),
    ),
  );
  const revoke = useApplicationChange((id: string) =>
    unwrap(client.DELETE('/api/v1/applications/{app_id}/tokens/{id}', { params: { path: { app_id: app, id } } })),
  );
  const labels = [
    text('applications.overlap_none'),
    text('applications.overlap_day'),
    text('applications.overlap_week'),
    text('applications.overlap_month'),
  ];
  const columns = useColumns((token) => rotate.mutate(token.id), setLeaving);
  return (
    <Panel
      title={text('applications.tokens')}
      sub={text('applications.tokens_sub')}
      isFlush
      actions={
        <Button variant="default" loading={create.isPending} onClick={() => create.mutate()}>
          {text('applications.new_token')}
        </Button>
      }
      foot={
        <Select
          label={text('applications.overlap')}
          data={OVERLAPS.map((value, index) => ({ value, label: labels[index] ?? value }))}
          value={overlap}
          allowDeselect={false}
          onChange={(value) => setOverlap(value ?? '0')}
        />
      }
    >
      <FormError error={create.error ?? rotate.error} />
      <Async
        of={tokens}
        skeleton={96}
        isEmpty={(rows) => rows.length === 0}
        empty={<EmptyState icon="key" text={text('applications.no_tokens')} />}
      >
        {(rows) => (
          <DataTable
            label={text('applications.tokens')}
            columns={columns}
            rows={rows}
            keyOf={(token) => token.id}
            hasCards
          />
        )}
      </Async>
      {leaving !== null && (
        <ConfirmByName
          isOpen
          title={text('applications.revoke_token')}
          name={leaving.token.slice(-6)}
          action={text('applications.revoke')}
          isBusy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate(leaving.id, { onSuccess: () => setLeaving(null) })}
          onClose={() => {
            revoke.reset();
            setLeaving(null);
          }}
        >
          <p>{text('applications.revoke_lead')}</p>
        </ConfirmByName>
      )}
    </Panel>
  );
}

function useColumns(onRotate: (token: Token) => void, onRevoke: (token: Token) => void): Column<Token>[] {
  const text = useText();
  const format = useFormat();
  return [
    {
      id: 'token',
      label: text('applications.token'),
      cell: (token) => (
        <span className={classes.token}>
          <code>{token.token}</code>
          <CopyButton value={token.token} label={text('applications.copy_token')} isIcon />
        </span>
      ),
    },
    { id: 'created', label: text('applications.created'), width: 120, cell: (token) => format.time(token.created_at) },
    {
      id: 'state',
      label: text('applications.state'),
      width: 190,
      cell: (token) => {
        if (token.revoked_at !== null) return <Tag tone="danger">{text('applications.token_revoked')}</Tag>;
        if (!token.live) return <Tag tone="danger">{text('applications.token_expired')}</Tag>;
        if (token.expires_at !== null) {
          return <Tag tone="warn">{text('applications.token_until', { time: format.time(token.expires_at) })}</Tag>;
        }
        return <Tag tone="ok">{text('applications.token_live')}</Tag>;
      },
    },
    {
      id: 'actions',
      label: '',
      align: 'right',
      width: 160,
      cell: (token) =>
        token.live && (
          <span className={classes.acts}>
            <Button variant="default" size="compact-xs" onClick={() => onRotate(token)}>
              {text('applications.rotate')}
            </Button>
            <Button variant="default" size="compact-xs" onClick={() => onRevoke(token)}>
              {text('applications.revoke')}
            </Button>
          </span>
        ),
    },
  ];
}
