import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { isProblem } from '../../api/problem.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Page } from '../../ui/Page.tsx';
import { useScope } from '../../ui/scope.tsx';
import { Details } from './Details.tsx';
import { EventList } from './EventList.tsx';
import { Lanes } from './Lanes.tsx';
import { type SessionAnswer, sessionQuery } from './queries.ts';
import { type SessionSearch, sessionRoute } from './route.tsx';
import classes from './Session.module.css';
import { SessionHead } from './SessionHead.tsx';
import { timelineOf, viewOf } from './timeline.ts';
import { Waterfall } from './Waterfall.tsx';

/** What did this person live through, and when did it break? */
export function Session() {
  const text = useText();
  const { app } = useScope();
  const { id } = sessionRoute.useParams();
  const session = useQuery(sessionQuery(id, app));
  const isGone = isProblem(session.error) && session.error.status === 404;
  if (isGone) {
    return (
      <Page title={text('sessions.title')}>
        <EmptyState
          icon="session"
          text={text('sessions.gone')}
          action={
            <Link to="/explore/$table" params={{ table: 'session' }}>
              {text('sessions.to_list')}
            </Link>
          }
        />
      </Page>
    );
  }
  if (session.data === undefined) {
    return (
      <Page title={text('sessions.title')}>
        <Async of={session} skeleton={560} cancel={['sessions', 'session']}>
          {() => null}
        </Async>
      </Page>
    );
  }
  return <Found answer={session.data} id={id} app={app} />;
}

/** The address of an event within a session. */
export function keyOf(event: { table: string; event_id: string }): string {
  return `${event.table}:${event.event_id}`;
}

function Found({ answer, id, app }: { answer: SessionAnswer; id: string; app: string | undefined }) {
  const text = useText();
  const navigate = useNavigate();
  const search = sessionRoute.useSearch();
  const timeline = useMemo(() => timelineOf(answer), [answer]);
  const change = (next: SessionSearch) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, ...next }), replace: true });

  const selected = answer.events.find((event) => keyOf(event) === search.event);
  const view =
    timeline.views.find((one) => one.id === search.view) ??
    (selected === undefined ? undefined : viewOf(selected, timeline)) ??
    timeline.views[0];
  const select = (key: string) => {
    const event = answer.events.find((one) => keyOf(one) === key);
    const shown = event === undefined ? undefined : viewOf(event, timeline);
    change({ event: key, view: shown?.id });
  };

  return (
    <div className={classes.screen}>
      <SessionHead answer={answer} id={id} app={app} />
      {answer.truncated && <Note tone="plain">{text('sessions.truncated')}</Note>}
      <div className={classes.columns}>
        <div className={classes.main}>
          <Lanes
            answer={answer}
            timeline={timeline}
            viewId={view?.id}
            selected={selected}
            onView={(viewId) => change({ view: viewId, event: `view:${viewId}` })}
            onEvent={select}
          />
          {view !== undefined && (
            <Waterfall
              answer={answer}
              timeline={timeline}
              view={view}
              kind={search.requests}
              selectedKey={search.event}
              onKind={(requests) => change({ requests })}
              onEvent={select}
            />
          )}
        </div>
        <div className={classes.side}>
          <EventList
            answer={answer}
            timeline={timeline}
            kind={search.kind}
            selectedKey={search.event}
            onKind={(kind) => change({ kind })}
            onEvent={select}
          />
          <Details answer={answer} app={app} eventKey={search.event} title={selected?.title} />
        </div>
      </div>
    </div>
  );
}
