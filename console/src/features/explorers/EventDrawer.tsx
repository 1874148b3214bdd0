import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { isProblem } from '../../api/problem.ts';
import { Rating } from '../../charts/Rating.tsx';
import { formatNumber } from '../../lib/format.ts';
import { shortId } from '../../lib/ids.ts';
import { ratingOf } from '../../lib/ratings.ts';
import { formatCountry } from '../../lib/regions.ts';
import { Async } from '../../ui/Async.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Drawer } from '../../ui/Drawer.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FieldList } from '../../ui/fields/FieldList.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Tag } from '../../ui/Tag.tsx';
import classes from './EventDrawer.module.css';
import { StepButtons } from './ExploreTable.tsx';
import { eventQuery } from './queries.ts';
import type { Explorer } from './tables.ts';

interface EventDrawerProps {
  explorer: Explorer;
  app: string;
  eventId: string;
  onClose: () => void;
  onStep: (by: number) => void;
  onFilter: (field: string, value: string) => void;
  onExclude: (field: string, value: string) => void;
}

/** One event with all its fields, beside the list it came from. */
export function EventDrawer({ explorer, app, eventId, onClose, onStep, onFilter, onExclude }: EventDrawerProps) {
  const text = useText();
  const event = useQuery(eventQuery(explorer.table, app, eventId));
  const values = event.data?.values ?? {};
  const name = explorer.names.map((column) => values[column]).find((value) => typeof value === 'string');
  const isGone = isProblem(event.error) && event.error.status === 404;
  return (
    <Drawer
      kind={<Tag>{text(explorer.one)}</Tag>}
      title={<span className={classes.name}>{typeof name === 'string' ? name : shortId(eventId)}</span>}
      actions={
        <>
          <StepButtons onStep={onStep} />
          <CopyButton value={window.location.href} label={text('explorers.copy_link')} isIcon />
        </>
      }
      onClose={onClose}
    >
      {isGone ? (
        <EmptyState icon="history" text={text('explorers.gone')} />
      ) : (
        <Async of={event} skeleton={400} cancel={['explorers', 'event']}>
          {(found) => (
            <>
              <Facts values={found.values} app={app} />
              <Vitals values={found.values} />
              <FieldList
                table={explorer.table}
                values={found.values}
                attributes={found.attributes}
                onFilter={onFilter}
                onExclude={onExclude}
                link={(field, value) =>
                  field === 'session_id' && typeof value === 'string' ? (
                    <SessionLink app={app} id={value} event={`${explorer.table}:${eventId}`} />
                  ) : null
                }
              />
            </>
          )}
        </Async>
      )}
    </Drawer>
  );
}

function SessionLink({ app, id, event }: { app: string; id: string; event: string }) {
  return (
    <Link
      to="/sessions/$id"
      params={{ id }}
      search={(search) => ({ tz: search.tz, app, event })}
      className={classes.link}
    >
      {shortId(id)}
    </Link>
  );
}

/** When, where and with what, in one line; and the way to the whole session. */
function Facts({ values, app }: { values: Readonly<Record<string, unknown>>; app: string }) {
  const text = useText();
  const format = useFormat();
  const said = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const language = useLanguage();
  const country = formatCountry(said('country_code') ?? null, said('country') ?? null, language);
  const both = (...names: string[]) => names.map(said).filter(Boolean).join(' ');
  const time = said('time');
  const session = said('session_id');
  const facts = [
    [said('city'), country].filter(Boolean).join(' '),
    both('browser_name', 'browser_version_major'),
    both('os_name', 'os_version_major'),
    said('device_type'),
    said('version'),
    said('network_effective_type'),
  ].filter((fact) => fact !== undefined && fact !== '');
  return (
    <div className={classes.facts}>
      {time !== undefined && <span>{format.time(time, 'milliseconds')}</span>}
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
      {session !== undefined && (
        <Link
          to="/sessions/$id"
          params={{ id: session }}
          search={(search) => ({ tz: search.tz, app })}
          className={classes.link}
        >
          {text('explorers.open_session')}
        </Link>
      )}
    </div>
  );
}

const SHOWN = [
  ['largest_contentful_paint', 'LCP'],
  ['interaction_to_next_paint', 'INP'],
  ['cumulative_layout_shift', 'CLS'],
  ['first_contentful_paint', 'FCP'],
] as const;

function Vitals({ values }: { values: Readonly<Record<string, unknown>> }) {
  const language = useLanguage();
  const shown = SHOWN.flatMap(([column, name]) => {
    const value = values[column];
    return typeof value === 'number' ? [{ column, name, value }] : [];
  });
  if (shown.length === 0) return null;
  return (
    <ul className={classes.vitals}>
      {shown.map(({ column, name, value }) => {
        const rating = ratingOf(column, value);
        const unit = column === 'cumulative_layout_shift' ? 'score' : 'ns';
        return (
          <li key={column}>
            <span className={classes.vital}>
              <b>{name}</b>
              {rating !== null && <Rating rating={rating} />}
            </span>
            <strong>{formatNumber(value, unit, language)}</strong>
          </li>
        );
      })}
    </ul>
  );
}
