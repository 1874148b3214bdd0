import { useQuery } from '@tanstack/react-query';
import { applicationsQuery } from '../../api/applications.ts';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { refusalHelp, refusalTitle } from '../../ui/refusals.ts';
import classes from './Intake.module.css';
import type { Refusal } from './queries.ts';

/** Requests that were turned away, each with its repair. */
export function RefusedPanel({ refusals }: { refusals: readonly Refusal[] }) {
  const text = useText();
  const format = useFormat();
  const { data: applications = [] } = useQuery(applicationsQuery);
  // A name that nobody has is what is wrong; it is not who should mend it.
  const ownerOf = (refusal: Refusal) =>
    applications.find((one) => one.app_id === refusal.app_id)?.app_id ?? text('intake.your_application');
  const from = (refusal: Refusal) =>
    [refusal.origin, refusal.app_id, refusal.token_hint, refusal.sdk.name, refusal.sdk.version]
      .filter((part) => part !== null && part !== '')
      .join(' · ');
  const columns: Column<Refusal>[] = [
    {
      id: 'reason',
      label: text('intake.reason'),
      width: '20%',
      cell: (refusal) => <span className={classes.name}>{refusalTitle(refusal.code, text)}</span>,
    },
    {
      id: 'from',
      label: text('intake.from'),
      width: '26%',
      cell: (refusal) => <span title={from(refusal)}>{from(refusal)}</span>,
    },
    {
      id: 'help',
      label: text('intake.what_to_do'),
      cell: (refusal) => <div className={classes.help}>{refusalHelp(refusal, ownerOf(refusal), text)}</div>,
    },
    {
      id: 'count',
      label: text('intake.requests'),
      align: 'right',
      width: 90,
      cell: (refusal) => format.count(refusal.count),
    },
    {
      id: 'last',
      label: text('intake.last'),
      align: 'right',
      width: 100,
      cell: (refusal) => format.ago(refusal.last_at),
    },
  ];
  return (
    <Panel title={text('intake.refused')} sub={text('intake.refused_sub')} isFlush>
      {refusals.length === 0 ? (
        <EmptyState icon="check" text={text('intake.nothing_refused')} />
      ) : (
        <DataTable
          label={text('intake.refused')}
          columns={columns}
          rows={refusals}
          hasCards
          keyOf={(one) => [one.code, one.origin, one.token_hint, one.app_id, one.sdk.name, one.sdk.version].join(' ')}
          isTall
        />
      )}
    </Panel>
  );
}
