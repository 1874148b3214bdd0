import { SegmentedControl } from '@mantine/core';
import { useMemo } from 'react';
import { formatDuration } from '../../lib/format.ts';
import { formatOffset } from '../../lib/time/format.ts';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Icon, type IconName } from '../../ui/Icon.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './EventList.module.css';
import type { SessionAnswer } from './queries.ts';
import { EVENT_KINDS, type EventKind } from './route.tsx';
import { placeOf, type Timeline } from './timeline.ts';

interface EventListProps {
  answer: SessionAnswer;
  timeline: Timeline;
  kind: EventKind | undefined;
  selectedKey: string | undefined;
  onKind: (kind: EventKind | undefined) => void;
  onEvent: (key: string) => void;
}

interface Line {
  readonly key: string;
  readonly start: number;
  readonly table: string;
  readonly title: string;
  readonly end: string;
  readonly isError: boolean;
}

const TITLES = {
  all: 'sessions.all',
  action: 'sessions.actions',
  error: 'sessions.errors_lane',
  resource: 'sessions.resources',
  long_task: 'sessions.long_tasks',
} as const;

const ICONS: Readonly<Record<string, IconName>> = {
  view: 'view',
  resource: 'resource',
  action: 'action',
  long_task: 'long_task',
  error: 'error',
  vital: 'vital',
};

/** Everything in the order it happened. */
export function EventList({ answer, timeline, kind, selectedKey, onKind, onEvent }: EventListProps) {
  const text = useText();
  const language = useLanguage();
  const lines = useMemo(() => linesOf(answer, timeline, kind, language), [answer, timeline, kind, language]);
  const columns: Column<Line>[] = [
    { id: 'at', label: text('sessions.at'), width: 62, align: 'right', cell: (line) => formatOffset(line.start) },
    {
      id: 'title',
      label: text('sessions.events'),
      cell: (line) => (
        <span className={classes.event} data-error={line.isError || undefined} title={line.title}>
          <Icon name={ICONS[line.table] ?? 'code'} size={14} />
          <span>{line.title}</span>
        </span>
      ),
    },
    { id: 'end', label: text('sessions.duration'), width: 92, align: 'right', cell: (line) => line.end },
  ];
  return (
    <Panel title={text('sessions.events')} isFlush>
      <div className={classes.kinds}>
        <SegmentedControl
          aria-label={text('sessions.events_kind')}
          value={kind ?? 'all'}
          onChange={(value) => onKind(EVENT_KINDS.find((one) => one === value))}
          data={(['all', ...EVENT_KINDS] as const).map((value) => ({ value, label: text(TITLES[value]) }))}
        />
      </div>
      {lines.length === 0 ? (
        <EmptyState icon="filter" text={text('sessions.events_empty')} />
      ) : (
        <DataTable
          label={text('sessions.events')}
          columns={columns}
          rows={lines}
          keyOf={(line) => line.key}
          openKey={selectedKey}
          onOpen={(line) => onEvent(line.key)}
          height={320}
        />
      )}
    </Panel>
  );
}

function linesOf(
  answer: SessionAnswer,
  timeline: Timeline,
  kind: EventKind | undefined,
  language: 'en' | 'zh',
): readonly Line[] {
  const events = answer.events
    .filter((event) => kind === undefined || event.table === kind)
    .map((event): Line => {
      const duration = event.duration_ns === null ? '' : formatDuration(event.duration_ns, language);
      return {
        key: `${event.table}:${event.event_id}`,
        start: placeOf(event, timeline).start,
        table: event.table,
        title: event.title,
        end: event.status === null || !event.is_error ? duration : String(event.status),
        isError: event.is_error,
      };
    });
  if (kind !== undefined) return events;
  const views = timeline.views.map(
    (view): Line => ({
      key: `view:${view.id}`,
      start: view.start,
      table: 'view',
      title: view.title,
      end: formatDuration((view.end - view.start) * 1e6, language),
      isError: false,
    }),
  );
  return [...views, ...events].sort((a, b) => a.start - b.start);
}
