import type { MouseEvent } from 'react';
import { Rating } from '../../charts/Rating.tsx';
import { formatCount } from '../../lib/format.ts';
import { ratingOf } from '../../lib/ratings.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { formatOffset } from '../../lib/time/format.ts';
import type { Token } from '../../theme/tokens.ts';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Lanes.module.css';
import type { SessionAnswer, SessionEvent } from './queries.ts';
import { marksOf, numberIn, placeOf, type Timeline, type ViewBlock } from './timeline.ts';

interface LanesProps {
  answer: SessionAnswer;
  timeline: Timeline;
  viewId: string | undefined;
  selected: SessionEvent | undefined;
  onView: (viewId: string) => void;
  onEvent: (key: string) => void;
}

interface Lane {
  readonly title: PlainKey;
  readonly table: string;
  readonly colour: Token;
}

const LANES: readonly Lane[] = [
  { title: 'sessions.actions', table: 'action', colour: 'c8' },
  { title: 'sessions.resources', table: 'resource', colour: 'q5' },
  { title: 'sessions.long_tasks', table: 'long_task', colour: 'c5' },
  { title: 'sessions.errors_lane', table: 'error', colour: 'danger' },
];

const MARKS = 8;
/** From this share of the axis on, a mark's words stand before it. */
const LATE = 0.9;

/** The session from left to right: its views, and below them what happened. */
export function Lanes({ answer, timeline, viewId, selected, onView, onEvent }: LanesProps) {
  const text = useText();
  const share = (ms: number) => `${(ms / timeline.length) * 100}%`;
  const place = selected === undefined ? undefined : placeOf(selected, timeline);
  return (
    <Panel
      title={text('sessions.timeline')}
      sub={text('sessions.timeline_sub')}
      foot={text('sessions.no_replay')}
      isFlush
    >
      <div className={classes.lanes}>
        <div className={classes.axis} aria-hidden="true">
          <span />
          <div>
            {marksOf(timeline.length, MARKS).map((mark) => (
              <span key={mark} data-late={mark / timeline.length > LATE || undefined} style={{ left: share(mark) }}>
                {timeline.length < 5000 ? `${mark / 1000} s` : formatOffset(mark)}
              </span>
            ))}
          </div>
        </div>
        <div className={classes.lane}>
          <LaneHead title={text('sessions.views')} n={timeline.views.length} />
          <div className={classes.track}>
            {timeline.views.map((view) => (
              <button
                key={view.id}
                type="button"
                className={classes.view}
                aria-pressed={view.id === viewId}
                style={{
                  left: `min(${share(view.start)}, 100% - 4px)`,
                  width: `calc(${share(view.end - view.start)} - 2px)`,
                }}
                title={view.title}
                aria-label={text('sessions.lane_item', { title: view.title, at: formatOffset(view.start) })}
                onClick={() => onView(view.id)}
              >
                {view.title}
              </button>
            ))}
          </div>
        </div>
        <div className={classes.lane}>
          <LaneHead title={text('sessions.vitals')} />
          <div className={classes.track}>
            {timeline.views.map((view) => (
              <VitalMark key={view.id} view={view} left={`min(${share(view.start)}, 100% - 10px)`} />
            ))}
          </div>
        </div>
        {LANES.map((lane) => (
          <EventLane
            key={lane.table}
            title={text(lane.title)}
            colour={lane.colour}
            events={answer.events.filter((event) => event.table === lane.table)}
            timeline={timeline}
            onEvent={onEvent}
          />
        ))}
        {place !== undefined && <span className={classes.head} style={{ '--at': place.start / timeline.length }} />}
      </div>
    </Panel>
  );
}

function LaneHead({ title, n }: { title: string; n?: number }) {
  return (
    <b className={classes.title}>
      {title}
      {n !== undefined && <span>{formatCount(n)}</span>}
    </b>
  );
}

/** The worst of a view's vitals at its place. */
function VitalMark({ view, left }: { view: ViewBlock; left: string }) {
  const ratings = ['largest_contentful_paint', 'interaction_to_next_paint', 'cumulative_layout_shift'].map((column) =>
    ratingOf(column, numberIn(view.fields, column)),
  );
  const worst = ratings.includes('poor')
    ? 'poor'
    : ratings.includes('needs')
      ? 'needs'
      : ratings.find((one) => one !== null);
  if (!worst) return null;
  return (
    <span className={classes.vital} style={{ left }}>
      <Rating rating={worst} value="" />
    </span>
  );
}

interface EventLaneProps {
  title: string;
  colour: Token;
  events: readonly SessionEvent[];
  timeline: Timeline;
  onEvent: (key: string) => void;
}

/** Clicks this near to a mark mean it. */
const NEAR_PX = 10;
const UNITS = 10_000;

/**
 * One mark an event, all in one drawing: a session can have thousands. A click takes the nearest; by keyboard the same events are
 * reached in the list beside.
 */
function EventLane({ title, colour, events, timeline, onEvent }: EventLaneProps) {
  const places = events.map((event) => placeOf(event, timeline));
  const path = places
    .map(({ start, end }) => {
      const x = Math.round((start / timeline.length) * UNITS);
      const width = Math.round(((end - start) / timeline.length) * UNITS);
      return `M${x} 0H${x + width}V14H${x}Z`;
    })
    .join('');
  const onClick = (event: MouseEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * timeline.length;
    const near = (NEAR_PX / box.width) * timeline.length;
    let best = -1;
    let distance = near;
    places.forEach(({ start, end }, index) => {
      const away = at < start ? start - at : at > end ? at - end : 0;
      if (away <= distance) {
        best = index;
        distance = away;
      }
    });
    const found = events[best];
    if (found !== undefined) onEvent(`${found.table}:${found.event_id}`);
  };
  return (
    <div className={classes.lane}>
      <LaneHead title={title} n={events.length} />
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the list beside has the same events for the keyboard */}
      <div className={classes.track} onClick={onClick}>
        <svg
          viewBox={`0 0 ${UNITS} 14`}
          preserveAspectRatio="none"
          aria-hidden="true"
          style={{ color: `var(--ff-${colour})` }}
        >
          <path d={path} />
        </svg>
      </div>
    </div>
  );
}
