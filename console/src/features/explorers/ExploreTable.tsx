import { ActionIcon, Tooltip } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useCallback, useMemo, useRef } from 'react';
import { columnsOf, dictionaryQuery } from '../../api/dictionary.ts';
import { isProblem } from '../../api/problem.ts';
import { formatCount, formatDuration } from '../../lib/format.ts';
import { addFilter, excludeFilter } from '../../lib/search.ts';
import { Async } from '../../ui/Async.tsx';
import type { Column } from '../../ui/DataTable.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { ErrorFace } from '../../ui/ErrorFace.tsx';
import { FilterBar } from '../../ui/filter/FilterBar.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { InfoButton } from '../../ui/InfoButton.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { useScope } from '../../ui/scope.tsx';
import { useShortcut } from '../../ui/shortcuts.tsx';
import { Cell } from './Cell.tsx';
import { ColumnPicker } from './ColumnPicker.tsx';
import { EventDrawer } from './EventDrawer.tsx';
import classes from './ExploreTable.module.css';
import { ABBREVIATIONS, HEADS } from './heads.ts';
import { NothingFound } from './NothingFound.tsx';
import { type EventPage, eventsQuery } from './queries.ts';
import { type ExploreSearch, exploreRoute } from './route.tsx';
import { type EventRow, parseKey, rowsOf } from './rows.ts';
import { type Explorer, lookOf } from './tables.ts';

/** One explorer: the filter, the list, and the drawer beside it. */
export function ExploreTable({ explorer }: { explorer: Explorer }) {
  const text = useText();
  const scope = useScope();
  const navigate = useNavigate();
  const { q, sort = '-time', cols, open, snap } = exploreRoute.useSearch();
  const { table } = explorer;
  const names = useMemo(
    () => (cols === undefined ? explorer.columns.map((column) => column.name) : cols.split(',')),
    [cols, explorer],
  );
  const change = useCallback(
    (next: { [Key in keyof ExploreSearch]?: string | undefined }, isStep = true) =>
      void navigate({ to: '.', search: (search: object) => ({ ...search, ...next }), replace: !isStep }),
    [navigate],
  );
  // A changed filter is a new question: its list is that of now, and no row of the old one is open.
  const filter = (next: string) => change({ q: next === '' ? undefined : next, snap: undefined, open: undefined });

  const events = useInfiniteQuery(eventsQuery({ table, scope, q, sort, columns: names, snapshot: snap }));
  const pages = usePagesInSight(events.data?.pages, events.error);
  const rows = useMemo(() => rowsOf(pages ?? []), [pages]);
  const first = pages?.[0];

  const { hasNextPage, isFetching, fetchNextPage } = events;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);

  const at = rows.findIndex((row) => row.key === open);
  const step = (by: number) => {
    const next = rows[at < 0 ? 0 : at + by];
    if (next !== undefined) change({ open: next.key }, open === undefined);
    if (at + by >= rows.length - 5) onEnd();
  };
  useShortcut('next_row', () => step(1), rows.length > 0);
  useShortcut('previous_row', () => step(-1), rows.length > 0);

  const opened = open === undefined ? null : parseKey(open);
  return (
    <div className={classes.screen}>
      <h1 className="ff-hidden">{text(explorer.title)}</h1>
      <div className={classes.head}>
        <FilterBar table={table} value={q ?? ''} onChange={filter} error={events.error} />
        <div className={classes.tools}>
          <Total page={first} explorer={explorer} />
          <span className={classes.end}>
            <ColumnPicker
              table={table}
              names={names}
              isChanged={cols !== undefined}
              onChange={(next) => change({ cols: next === null ? undefined : next.join(',') })}
            />
          </span>
        </div>
        {snap !== undefined && first?.snapshot === snap && (
          <Note
            tone="plain"
            actions={
              <button type="button" className={classes.leave} onClick={() => change({ snap: undefined })}>
                {text('explorers.snapshot_leave')}
              </button>
            }
          >
            {text('explorers.snapshot')}
          </Note>
        )}
      </div>
      <div className={classes.body}>
        <Async
          of={{
            data: pages,
            error: isSearchMistake(events.error) && pages !== undefined ? null : events.error,
            isFetching: events.isFetching && !events.isFetchingNextPage,
            isPending: events.isPending,
            isPlaceholderData: pages !== events.data?.pages,
            refetch: events.refetch,
          }}
          skeleton={480}
          cancel={['explorers', 'events', table]}
          isEmpty={(shown) => shown[0]?.total === 0}
          empty={<NothingFound table={table} q={q} onFilter={filter} />}
        >
          {(shown) => (
            <List
              explorer={explorer}
              names={names}
              pages={shown}
              rows={rows}
              sort={sort}
              openKey={open}
              onSort={(next) => change({ sort: next === '-time' ? undefined : next })}
              onOpen={(row) => change({ open: row.key }, open === undefined)}
              onEnd={onEnd}
              foot={
                <Foot
                  isLoading={events.isFetchingNextPage}
                  error={events.isFetchNextPageError ? events.error : null}
                  isEnd={!events.hasNextPage}
                  rows={rows.length}
                  onRetry={() => void fetchNextPage()}
                />
              }
            />
          )}
        </Async>
        {opened !== null && (
          <EventDrawer
            explorer={explorer}
            app={opened.app}
            eventId={opened.id}
            onClose={() => change({ open: undefined }, false)}
            onStep={step}
            onFilter={(field, value) => filter(addFilter(q ?? '', field, value))}
            onExclude={(field, value) => filter(excludeFilter(q ?? '', field, value))}
          />
        )}
      </div>
    </div>
  );
}

function isSearchMistake(error: Error | null): boolean {
  return isProblem(error) && error.position !== undefined;
}

/** The rows of the last answer stay while the next is on its way, and while the filter has a mistake. */
function usePagesInSight(pages: EventPage[] | undefined, error: Error | null): EventPage[] | undefined {
  const last = useRef<EventPage[] | undefined>(undefined);
  if (pages !== undefined) last.current = pages;
  return pages ?? (error === null || isSearchMistake(error) ? last.current : undefined);
}

function Total({ page, explorer }: { page: EventPage | undefined; explorer: Explorer }) {
  const text = useText();
  const language = useLanguage();
  const title = text(explorer.title);
  if (page === undefined) return <span className={classes.total}>{title}</span>;
  return (
    <span className={classes.total} role="status">
      {title}
      <b>{formatCount(page.total)}</b>
      <span>{formatDuration(page.elapsed_ms * 1e6, language)}</span>
      <InfoButton title={title} definition={text('explorers.definition')} sql={page.sql} />
    </span>
  );
}

/** What a column without a width needs at least. */
const FLEXIBLE_PX = 200;

interface ListProps {
  explorer: Explorer;
  names: readonly string[];
  pages: readonly EventPage[];
  rows: readonly EventRow[];
  sort: string;
  openKey: string | undefined;
  onSort: (sort: string) => void;
  onOpen: (row: EventRow) => void;
  onEnd: () => void;
  foot: ReactNode;
}

function List({ explorer, names, pages, rows, sort, openKey, onSort, onOpen, onEnd, foot }: ListProps) {
  const text = useText();
  const dictionary = useQuery(dictionaryQuery);
  const columns = useMemo((): Column<EventRow>[] => {
    const known = columnsOf(dictionary.data, explorer.table).filter((column) => column.sortable);
    const sortable = new Set(known.map((column) => column.name));
    const answered = new Map(pages[0]?.columns.map((column) => [column.name, column]));
    return names.map((name) => {
      const look = lookOf(explorer, name);
      const column = answered.get(name) ?? { name, type: 'string', unit: null };
      const isNumber = column.type === 'integer' || column.type === 'number';
      return {
        id: name,
        label: HEADS[name] === undefined ? (ABBREVIATIONS[name] ?? name) : text(HEADS[name]),
        ...(look.width === undefined ? {} : { width: look.width }),
        ...(isNumber ? { align: 'right' as const } : {}),
        ...(sortable.has(name) ? { sort: name } : {}),
        cell: (row) => <Cell name={name} value={row.values[name]} column={column} isCode={look.isCode ?? false} />,
      };
    });
  }, [explorer, names, pages, text, dictionary.data]);
  return (
    <DataTable
      label={text('explorers.list', { name: text(explorer.title) })}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.key}
      sort={{ by: sort.replace(/^-/, ''), isDescending: sort.startsWith('-') }}
      onSort={({ by, isDescending }) => onSort(`${isDescending ? '-' : ''}${by}`)}
      onOpen={onOpen}
      openKey={openKey}
      height="100%"
      minWidth={columns.reduce(
        (sum, column) => sum + (typeof column.width === 'number' ? column.width : FLEXIBLE_PX),
        0,
      )}
      onEnd={onEnd}
      foot={foot}
    />
  );
}

function Foot({
  isLoading,
  error,
  isEnd,
  rows,
  onRetry,
}: {
  isLoading: boolean;
  error: Error | null;
  isEnd: boolean;
  rows: number;
  onRetry: () => void;
}) {
  const text = useText();
  if (error !== null) return <ErrorFace error={error} onRetry={onRetry} />;
  if (isLoading) return <p className={classes.foot}>{text('explorers.loading_more')}</p>;
  return isEnd ? <p className={classes.foot}>{text('explorers.end', { n: rows })}</p> : null;
}

/** The arrows of a drawer's head. */
export function StepButtons({ onStep }: { onStep: (by: number) => void }) {
  const text = useText();
  return (
    <>
      <Tooltip label={`${text('explorers.previous')} · k`}>
        <ActionIcon variant="subtle" color="gray" aria-label={text('explorers.previous')} onClick={() => onStep(-1)}>
          <Icon name="up" />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={`${text('explorers.next')} · j`}>
        <ActionIcon variant="subtle" color="gray" aria-label={text('explorers.next')} onClick={() => onStep(1)}>
          <Icon name="down" />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
