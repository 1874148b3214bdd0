import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { addFilter, excludeFilter } from '../../lib/search.ts';
import { Async } from '../../ui/Async.tsx';
import { FieldList } from '../../ui/fields/FieldList.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Details.module.css';
import { eventQuery, type Fields, type SessionAnswer } from './queries.ts';
import { textIn } from './timeline.ts';

/** The rest is mostly what every event says of its visitor. */
const AT_FIRST = 24;

interface DetailsProps {
  answer: SessionAnswer;
  app: string | undefined;
  /** `table:event_id`; without one the session's own fields are shown. */
  eventKey: string | undefined;
  title: string | undefined;
}

/** All fields of the chosen event, or of the session itself. */
export function Details({ answer, app, eventKey, title }: DetailsProps) {
  const text = useText();
  const found = textIn(answer.session, 'app_id') ?? app;
  if (eventKey === undefined || !eventKey.includes(':')) {
    const { values, attributes } = split(answer.session);
    return (
      <Panel title={text('sessions.session_fields')} isFlush>
        <EventFields table="session" values={values} attributes={attributes} />
      </Panel>
    );
  }
  const colon = eventKey.indexOf(':');
  const [table, id] = [eventKey.slice(0, colon), eventKey.slice(colon + 1)];
  return (
    <Panel title={<span className={classes.title}>{title ?? text('sessions.details')}</span>} isFlush>
      <Event key={eventKey} table={table} id={id} app={found} />
    </Panel>
  );
}

function Event({ table, id, app }: { table: string; id: string; app: string | undefined }) {
  const event = useQuery(eventQuery(table, id, app));
  return (
    <Async of={event} skeleton={300} cancel={['sessions', 'event']}>
      {(found) => <EventFields table={found.table} values={found.values} attributes={found.attributes} />}
    </Async>
  );
}

/** A filter from here leads to the list of that table. */
function EventFields({ table, values, attributes }: { table: string; values: Fields; attributes: unknown }) {
  const navigate = useNavigate();
  const go = (q: string) =>
    void navigate({
      to: '/explore/$table',
      params: { table },
      search: ({ app, env, range, from, to, tz }) => ({ app, env, range, from, to, tz, q }),
    });
  return (
    <FieldList
      table={table}
      values={values}
      attributes={attributes}
      atFirst={AT_FIRST}
      onFilter={(field, value) => go(addFilter('', field, value))}
      onExclude={(field, value) => go(excludeFilter('', field, value))}
    />
  );
}

function split(fields: Fields): { values: Fields; attributes: unknown } {
  const { attributes, ...values } = fields;
  return { values, attributes };
}
