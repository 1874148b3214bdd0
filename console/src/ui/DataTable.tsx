import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import classes from './DataTable.module.css';
import { useText } from './language.tsx';
import { usePreferences } from './preferences.tsx';

export interface Column<Row> {
  id: string;
  label: string;
  /** Beside the label: an (i). */
  info?: ReactNode;
  align?: 'right';
  /** Pixels, or a share of what is left, as CSS writes it: `120`, `'30%'`. */
  width?: number | string;
  /** Where a card takes it: the corner, for a menu, or a line of its own, for what is long. */
  inCard?: 'corner' | 'line';
  /** By what the list sorts when the head is clicked. */
  sort?: string;
  cell: (row: Row) => ReactNode;
}

export interface Sort {
  by: string;
  isDescending: boolean;
}

interface Props<Row> {
  /** What the table lists, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  /** A row opens on click and Enter. */
  onOpen?: (row: Row) => void;
  openKey?: string | undefined;
  /** Two lines in a row. */
  isTall?: boolean;
  /** With a height, rows scroll inside and only those in sight exist. */
  height?: number | string;
  /** Narrower than this the table scrolls sideways: columns without a width would otherwise vanish. */
  minWidth?: number;
  /** On a narrow screen each row is a card of named facts: for rows that one reads or acts on, rather than compares. */
  hasCards?: boolean;
  /** Called near the end of the list, for the next page. */
  onEnd?: () => void;
  foot?: ReactNode;
}

/** A table of things: sortable heads, rows by keyboard, long lists drawn only where they are seen. */
export function DataTable<Row>(props: Props<Row>) {
  const {
    label,
    columns,
    rows,
    keyOf,
    sort,
    onSort,
    onOpen,
    openKey,
    isTall = false,
    height,
    minWidth,
    hasCards = false,
    onEnd,
    foot,
  } = props;
  const { isDense } = usePreferences();
  const rowHeight = isTall ? 44 : isDense ? 28 : 32;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const isVirtual = height !== undefined;
  const virtual = useVirtualizer({
    count: rows.length,
    enabled: isVirtual,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const shown = isVirtual ? virtual.getVirtualItems() : rows.map((_, index) => ({ index, start: 0, end: 0 }));
  const first = shown[0];
  const last = shown.at(-1);
  const before = isVirtual ? (first?.start ?? 0) : 0;
  const after = isVirtual ? virtual.getTotalSize() - (last?.end ?? 0) : 0;
  const lastIndex = last?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && lastIndex >= rows.length - 20) onEnd?.();
  }, [lastIndex, rows.length, onEnd]);

  const focusRow = (index: number) => {
    const target = Math.max(0, Math.min(rows.length - 1, index));
    setActive(target);
    if (isVirtual) virtual.scrollToIndex(target);
    requestAnimationFrame(() => {
      const row = scroller.current?.querySelector(`[data-index="${target}"]`);
      if (row instanceof HTMLElement) row.focus({ preventScroll: isVirtual });
    });
  };
  const onRowKey = (event: KeyboardEvent, row: Row, index: number) => {
    if (event.target !== event.currentTarget) return;
    const step =
      event.key === 'ArrowDown' || event.key === 'j' ? 1 : event.key === 'ArrowUp' || event.key === 'k' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      focusRow(index + step);
    } else if (event.key === 'Enter' && onOpen !== undefined) {
      event.preventDefault();
      onOpen(row);
    }
  };
  return (
    <div
      tabIndex={onOpen === undefined ? 0 : undefined}
      className={classes.scroller}
      ref={scroller}
      style={{ maxHeight: height, '--row-height': `${rowHeight}px`, '--columns': columns.length }}
    >
      <table
        className={classes.table}
        style={{ minWidth }}
        data-cards={hasCards || undefined}
        aria-label={label}
        aria-rowcount={isVirtual ? rows.length : undefined}
      >
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} columns={columns.length} />}
          {shown.map(({ index }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const key = keyOf(row);
            return (
              <tr
                key={key}
                // Cards are as high as their facts; rows are all the same.
                ref={isVirtual && hasCards ? virtual.measureElement : undefined}
                data-index={index}
                data-open={onOpen !== undefined || undefined}
                aria-current={key === openKey || undefined}
                aria-rowindex={isVirtual ? index + 1 : undefined}
                tabIndex={onOpen === undefined ? undefined : index === active ? 0 : -1}
                onFocus={() => setActive(index)}
                onClick={(event) => {
                  const isControl =
                    event.target instanceof Element && event.target.closest('a, button, input, label') !== null;
                  if (!isControl && window.getSelection()?.isCollapsed !== false) onOpen?.(row);
                }}
                onKeyDown={(event) => onRowKey(event, row, index)}
              >
                {columns.map((column) => (
                  <td key={column.id} data-align={column.align} data-label={column.label} data-place={column.inCard}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <Gap height={after} columns={columns.length} />}
        </tbody>
      </table>
      {foot}
    </div>
  );
}

function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr data-gap>
      <td colSpan={columns} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}) {
  const text = useText();
  const isSorted = sort !== undefined && sort.by === column.sort;
  const by = column.sort;
  if (by === undefined || onSort === undefined) {
    return (
      <th scope="col" data-align={column.align}>
        {column.label === '' ? <span className="ff-hidden">{text('common.actions')}</span> : column.label}
        {column.info}
      </th>
    );
  }
  const isDescending = isSorted ? !sort.isDescending : true;
  return (
    <th
      scope="col"
      data-align={column.align}
      aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        className={classes.sort}
        data-sorted={isSorted || undefined}
        onClick={() => onSort({ by, isDescending })}
      >
        {column.label}
        {isSorted && <span aria-hidden="true">{sort.isDescending ? ' ↓' : ' ↑'}</span>}
      </button>
      {column.info}
    </th>
  );
}
