import { useInfiniteQuery } from '@tanstack/react-query';
import { Async } from '../../ui/Async.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { Tag } from '../../ui/Tag.tsx';
import { actionName } from './audit-actions.ts';
import { type AuditEntry, auditQuery } from './queries.ts';

export function Audit() {
  const text = useText();
  const format = useFormat();
  const entries = useInfiniteQuery(auditQuery);
  const columns: Column<AuditEntry>[] = [
    { id: 'at', label: text('settings.when'), width: 170, cell: (entry) => format.time(entry.at, 'seconds') },
    {
      id: 'actor',
      label: text('settings.who'),
      width: '22%',
      cell: (entry) => (
        <>
          {entry.actor.name || text('settings.actor_system')}{' '}
          {entry.actor.kind === 'api_key' && <Tag>{text('settings.key')}</Tag>}
        </>
      ),
    },
    {
      id: 'action',
      label: text('settings.what'),
      width: '26%',
      cell: (entry) => {
        const name = actionName(entry.action);
        return name === undefined ? <code>{entry.action}</code> : text(name);
      },
    },
    { id: 'target', label: text('settings.target'), cell: (entry) => entry.target ?? '—' },
    { id: 'detail', label: text('settings.detail'), cell: (entry) => entry.detail ?? '—' },
  ];
  return (
    <Page title={text('shell.audit')} lead={text('settings.audit_lead')}>
      <Panel isFlush>
        <Async
          of={entries}
          skeleton={400}
          isEmpty={(rows) => rows.length === 0}
          empty={<EmptyState icon="history" text={text('settings.no_audit')} />}
        >
          {(rows) => (
            <DataTable
              label={text('shell.audit')}
              columns={columns}
              rows={rows}
              keyOf={(entry) => entry.id}
              height="calc(100dvh - 170px)"
              hasCards
              onEnd={() => {
                if (entries.hasNextPage && !entries.isFetchingNextPage) void entries.fetchNextPage();
              }}
            />
          )}
        </Async>
      </Panel>
    </Page>
  );
}
