import { SegmentedControl } from '@mantine/core';
import { ABSENT, formatDuration } from '../../lib/format.ts';
import { cutMiddle } from '../../lib/ids.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import type { SessionAnswer, SessionEvent } from './queries.ts';
import { REQUEST_KINDS, type RequestKind } from './route.tsx';
import { phasesOf, placeOf, type Timeline, textIn, type ViewBlock, viewOf } from './timeline.ts';
import classes from './Waterfall.module.css';

interface WaterfallProps {
  answer: SessionAnswer;
  timeline: Timeline;
  view: ViewBlock;
  kind: RequestKind | undefined;
  selectedKey: string | undefined;
  onKind: (kind: RequestKind | undefined) => void;
  onEvent: (key: string) => void;
}

const TITLES = {
  all: 'sessions.all',
  api: 'sessions.api',
  script: 'sessions.scripts',
  image: 'sessions.images',
  failed: 'sessions.failed',
} as const;

const PHASES = {
  wait: 'sessions.phase_wait',
  connect: 'sessions.phase_connect',
  first_byte: 'sessions.phase_first_byte',
  download: 'sessions.phase_download',
} as const;

/** The requests of one view, one below the other, on the view's own time. */
export function Waterfall({ answer, timeline, view, kind, selectedKey, onKind, onEvent }: WaterfallProps) {
  const text = useText();
  const language = useLanguage();
  const all = answer.events.filter((event) => event.table === 'resource' && viewOf(event, timeline)?.id === view.id);
  const shown = all.filter((event) => isOfKind(event, kind));
  const from = Math.min(view.start, ...shown.map((event) => placeOf(event, timeline).start));
  const to = Math.max(from + 1, ...shown.map((event) => placeOf(event, timeline).end));
  return (
    <Panel
      title={<span className={classes.page}>{view.title}</span>}
      sub={text('sessions.waterfall_sub', {
        duration: formatDuration((view.end - view.start) * 1e6, language),
        n: all.length,
      })}
      actions={
        <SegmentedControl
          aria-label={text('sessions.waterfall_kind')}
          value={kind ?? 'all'}
          onChange={(value) => onKind(REQUEST_KINDS.find((one) => one === value))}
          data={(['all', ...REQUEST_KINDS] as const).map((value) => ({ value, label: text(TITLES[value]) }))}
        />
      }
      foot={
        <ul className={classes.legend}>
          {(['wait', 'connect', 'first_byte', 'download'] as const).map((phase) => (
            <li key={phase}>
              <i data-phase={phase} />
              {text(PHASES[phase])}
            </li>
          ))}
        </ul>
      }
      isFlush
    >
      {shown.length === 0 ? (
        <EmptyState icon="resource" text={text('sessions.waterfall_empty')} />
      ) : (
        <ul className={classes.rows} aria-label={text('sessions.waterfall', { page: view.title })}>
          {shown.map((event) => (
            <Request
              key={event.event_id}
              event={event}
              start={placeOf(event, timeline).start - from}
              length={to - from}
              isSelected={selectedKey === `resource:${event.event_id}`}
              onOpen={() => onEvent(`resource:${event.event_id}`)}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function isOfKind(event: SessionEvent, kind: RequestKind | undefined): boolean {
  const type = textIn(event.values, 'resource_type');
  switch (kind) {
    case undefined:
      return true;
    case 'failed':
      return event.is_error;
    case 'api':
      return type === 'xhr' || type === 'fetch';
    case 'script':
      return type === 'js' || type === 'script';
    case 'image':
      return type === 'image';
  }
}

interface RequestProps {
  event: SessionEvent;
  /** Both in ms of the view. */
  start: number;
  length: number;
  isSelected: boolean;
  onOpen: () => void;
}

function Request({ event, start, length, isSelected, onOpen }: RequestProps) {
  const language = useLanguage();
  const [head, tail] = cutMiddle(event.title);
  const share = (ms: number) => `${(ms / length) * 100}%`;
  const duration = event.duration_ns === null ? ABSENT : formatDuration(event.duration_ns, language);
  const end = event.is_error && event.status !== null ? `${event.status} · ${duration}` : duration;
  return (
    <li>
      <button
        type="button"
        className={classes.row}
        aria-current={isSelected || undefined}
        data-failed={event.is_error || undefined}
        title={event.title}
        onClick={onOpen}
      >
        <span className={classes.name}>
          <span>{head}</span>
          <span>{tail}</span>
        </span>
        <span className={classes.track}>
          {phasesOf(event).map((phase) => (
            <i
              key={phase.name}
              data-phase={event.is_error ? 'failed' : phase.name}
              style={{ left: share(start + phase.start), width: share(phase.end - phase.start) }}
            />
          ))}
        </span>
        <span className={classes.end}>{end}</span>
      </button>
    </li>
  );
}
