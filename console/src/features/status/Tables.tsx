import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import type { ServerStatus } from './queries.ts';

type Table = ServerStatus['tables'][number];

export function Tables({ tables }: { tables: readonly Table[] }) {
  const text = useText();
  const format = useFormat();
  const columns: Column<Table>[] = [
    { id: 'table', label: text('status.table'), cell: (table) => <code>{table.table}</code> },
    { id: 'rows', label: text('status.rows'), align: 'right', cell: (table) => format.count(table.rows) },
    { id: 'segments', label: text('status.segments'), align: 'right', cell: (table) => format.count(table.segments) },
    { id: 'bytes', label: text('status.size'), align: 'right', cell: (table) => format.size(table.bytes) },
    {
      id: 'per',
      label: text('status.bytes_per_row'),
      align: 'right',
      cell: (table) => (table.rows === 0 || table.bytes === 0 ? '—' : format.size(table.bytes / table.rows)),
    },
  ];
  return (
    <Panel title={text('status.tables')} isFlush>
      <DataTable label={text('status.tables')} columns={columns} rows={tables} keyOf={(table) => table.table} />
    </Panel>
  );
}
