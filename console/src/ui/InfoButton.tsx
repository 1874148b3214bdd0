import { ActionIcon, Button, Popover } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../api/client.ts';
import { unwrap } from '../api/problem.ts';
import { formatNumber } from '../lib/format.ts';
import { CopyButton } from './CopyButton.tsx';
import { ErrorFace } from './ErrorFace.tsx';
import { Icon } from './Icon.tsx';
import classes from './InfoButton.module.css';
import { useLanguage, useText } from './language.tsx';

/** The (i) beside a figure: what it means, the statement behind it, and what that statement answers now. */
export function InfoButton({
  title,
  definition,
  sql,
  relativeError,
}: {
  title: string;
  definition: string;
  sql?: string | undefined;
  /** How far percentiles may be off, as a share of them. */
  relativeError?: number | null | undefined;
}) {
  const text = useText();
  const language = useLanguage();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} width={440} position="bottom-start" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <ActionIcon
          variant="transparent"
          size={24}
          className={classes.button ?? ''}
          aria-label={text('common.definition_of', { name: title })}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="info" size={13} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className={classes.popover ?? ''}>
        <h3 className={classes.title}>{title}</h3>
        <p className={classes.definition}>{definition}</p>
        {typeof relativeError === 'number' && (
          <p className={classes.definition}>
            {text('common.relative_error', { share: formatNumber(relativeError, 'share', language) })}
          </p>
        )}
        {sql !== undefined && sql !== '' && <Statement sql={sql} />}
      </Popover.Dropdown>
    </Popover>
  );
}

function Statement({ sql }: { sql: string }) {
  const text = useText();
  const run = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/query', { body: { sql } })),
  });
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls must be reachable by keyboard */}
      <section className={classes.sql} tabIndex={0} aria-label={text('common.sql')}>
        {sql}
      </section>
      <div className={classes.actions}>
        <CopyButton value={sql} label={text('common.copy_sql')} />
        <Button variant="default" loading={run.isPending} onClick={() => run.mutate()}>
          {text('common.run_sql')}
        </Button>
      </div>
      {run.error !== null && <ErrorFace error={run.error} />}
      {run.data !== undefined && <Rows columns={run.data.columns} rows={run.data.rows} />}
    </>
  );
}

const ROWS_SHOWN = 8;

function Rows({ columns, rows }: { columns: readonly { name: string }[]; rows: readonly (readonly unknown[])[] }) {
  const text = useText();
  return (
    <div className={classes.result}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col">
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_SHOWN).map((row, index) => (
            <tr key={index}>
              {row.map((value, column) => (
                <td key={columns[column]?.name ?? column}>{value === null ? '—' : String(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_SHOWN && (
        <p className={classes.rest}>{text('common.more_rows', { n: rows.length - ROWS_SHOWN })}</p>
      )}
    </div>
  );
}
