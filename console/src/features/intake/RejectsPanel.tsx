import { Button } from '@mantine/core';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import type { Reject } from './queries.ts';

/** Events that could not be stored, by reason. */
export function RejectsPanel({
  rejects,
  onSamples,
}: {
  rejects: readonly Reject[];
  onSamples: (reason: string) => void;
}) {
  const text = useText();
  const format = useFormat();
  const columns: Column<Reject>[] = [
    { id: 'reason', label: text('intake.reason'), cell: (reject) => <code>{reject.reason}</code> },
    { id: 'count', label: text('intake.events'), align: 'right', cell: (reject) => format.count(reject.count) },
    { id: 'last', label: text('intake.last'), align: 'right', cell: (reject) => format.ago(reject.last_at) },
    {
      id: 'samples',
      label: '',
      align: 'right',
      width: 110,
      cell: (reject) => (
        <Button
          variant="default"
          size="compact-xs"
          aria-label={text('intake.samples_of', { reason: reject.reason })}
          onClick={() => onSamples(reject.reason)}
        >
          {text('intake.samples')}
        </Button>
      ),
    },
  ];
  return (
    <Panel title={text('intake.rejects')} sub={text('intake.rejects_sub')} isFlush>
      {rejects.length === 0 ? (
        <EmptyState icon="check" text={text('intake.nothing_set_aside')} />
      ) : (
        <DataTable
          label={text('intake.rejects')}
          columns={columns}
          rows={rejects}
          hasCards
          keyOf={(reject) => reject.reason}
        />
      )}
    </Panel>
  );
}
