import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Intake.module.css';
import type { Sdk } from './queries.ts';

export function SdkPanel({ sdks }: { sdks: readonly Sdk[] }) {
  const text = useText();
  const format = useFormat();
  const columns: Column<Sdk>[] = [
    { id: 'sdk', label: text('intake.sdk'), cell: (sdk) => <span className={classes.name}>{sdk.family}</span> },
    { id: 'version', label: text('intake.version'), cell: (sdk) => sdk.version ?? '—' },
    { id: 'received', label: text('intake.received'), align: 'right', cell: (sdk) => format.count(sdk.received) },
    { id: 'decoded', label: text('intake.decoded'), align: 'right', cell: (sdk) => format.count(sdk.decoded) },
    { id: 'stored', label: text('intake.stored'), align: 'right', cell: (sdk) => format.count(sdk.stored) },
    {
      id: 'rejected',
      label: text('intake.set_aside'),
      align: 'right',
      cell: (sdk) => (
        <span className={sdk.rejected > 0 ? classes.bad : undefined}>
          {sdk.received === 0 ? '—' : format.share(sdk.rejected / sdk.received)}
        </span>
      ),
    },
    { id: 'last', label: text('intake.last'), align: 'right', cell: (sdk) => format.ago(sdk.last_at) },
  ];
  return (
    <Panel title={text('intake.by_sdk')} isFlush>
      {sdks.length === 0 ? (
        <EmptyState icon="intake" text={text('intake.nothing_received')} />
      ) : (
        <DataTable
          label={text('intake.by_sdk')}
          columns={columns}
          rows={sdks}
          keyOf={(sdk) => `${sdk.family} ${sdk.version ?? ''}`}
        />
      )}
    </Panel>
  );
}
