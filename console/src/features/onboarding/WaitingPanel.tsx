import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import type { Application } from '../../api/applications.ts';
import { formatClock } from '../../lib/time/format.ts';
import { ErrorFace } from '../../ui/ErrorFace.tsx';
import { useFormat, useTimeContext } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { Dot } from '../../ui/Tag.tsx';
import { useNow } from '../../ui/use-now.ts';
import classes from './Onboarding.module.css';
import type { Onboarding } from './queries.ts';
import { RefusalNote } from './RefusalNote.tsx';
import { refusalsAfter, stageOf } from './stage.ts';
import { Visit } from './Visit.tsx';

/** How far back to look on arrival: a page reloaded shortly before is not lost. */
const BEFORE_MS = 10 * 60_000;
const HINT_AFTER_MS = 60_000;

interface Props {
  application: Application;
  isAdmin: boolean;
  token: string | undefined;
  answer: UseQueryResult<Onboarding>;
  since: string | undefined;
  onSince: (since: string) => void;
}

/** What the server sees, second by second, until the visit is there. */
export function WaitingPanel({ application, isAdmin, token, answer, since, onSince }: Props) {
  const text = useText();
  const [picked, setPicked] = useState<string>();
  const { data } = answer;
  const serverNow = data?.now;
  useEffect(() => {
    // The server's clock, not ours: a laptop's may be minutes off.
    if (since === undefined && serverNow !== undefined)
      onSince(new Date(Date.parse(serverNow) - BEFORE_MS).toISOString());
  }, [since, serverNow, onSince]);

  if (data === undefined) {
    return (
      <Panel title={text('onboarding.listening', { app: application.app_id })}>
        {answer.error !== null && <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />}
      </Panel>
    );
  }
  const stage = stageOf(data, picked);
  const stillRefused = stage.kind === 'visit' ? refusalsAfter(data, stage.view) : [];
  return (
    <div className={classes.column} aria-live="polite">
      {answer.error !== null && <Note tone="warn">{text('onboarding.connection_lost')}</Note>}
      {stage.kind === 'visit' ? (
        <Visit app={application.app_id} view={stage.view} views={data.views} onPick={setPicked} />
      ) : (
        <Listening application={application} token={token} data={data}>
          {stage.kind === 'refused' && (
            <div className={classes.inside}>
              <RefusalNote
                refusal={stage.refusal}
                application={application}
                isAdmin={isAdmin}
                onRepaired={() => onSince(data.now)}
              />
            </div>
          )}
          {stage.kind === 'preflight' && (
            <div className={classes.inside}>
              <Note tone="warn">{text('onboarding.only_preflight')}</Note>
            </div>
          )}
        </Listening>
      )}
      {stillRefused.map((refusal) => (
        <RefusalNote
          key={`${refusal.code} ${refusal.origin} ${refusal.token_hint} ${refusal.app_id}`}
          refusal={refusal}
          application={application}
          isAdmin={isAdmin}
          onRepaired={() => onSince(data.now)}
        />
      ))}
    </div>
  );
}

function Listening({
  application,
  token,
  data,
  children,
}: {
  application: Application;
  token: string | undefined;
  data: Onboarding;
  children: ReactNode;
}) {
  const text = useText();
  const format = useFormat();
  const context = useTimeContext();
  const now = useNow(1000);
  const [since] = useState(now);
  const { preflight, refusals, accepted_events: accepted } = data.steps;
  const refused = refusals.reduce((sum, one) => sum + one.count, 0);
  const serverNow = Date.parse(data.now);
  const isLate = now - since > HINT_AFTER_MS && preflight === null && refused === 0 && accepted === 0;
  return (
    <Panel
      isFlush
      title={
        <span className={classes.listening}>
          <Dot tone="ok" isLive />
          {text('onboarding.listening', { app: application.app_id })}
        </span>
      }
      actions={
        <span className={classes.later}>
          {formatClock(now - since, { ...context, timeZone: 'UTC' }, 'seconds').slice(3)}
        </span>
      }
      foot={!isLate && text('onboarding.hint')}
    >
      <Seen
        tone={preflight === null ? 'off' : 'ok'}
        when={preflight === null ? undefined : format.ago(preflight.last_at, serverNow)}
      >
        {preflight?.origin
          ? text('onboarding.preflight_from', { origin: preflight.origin })
          : text('onboarding.preflight')}
      </Seen>
      <Seen
        tone={refused > 0 ? 'danger' : accepted > 0 ? 'ok' : 'off'}
        when={
          refused > 0
            ? text('onboarding.requests_refused', { n: refused })
            : accepted > 0
              ? text('onboarding.accepted')
              : undefined
        }
      >
        {token === undefined
          ? text('onboarding.request')
          : text('onboarding.request_token', { token: `${token.slice(0, 8)}…` })}
      </Seen>
      <Seen
        tone={accepted > 0 ? 'ok' : 'off'}
        when={accepted > 0 ? text('onboarding.events', { n: accepted }) : undefined}
      >
        {text('onboarding.first_event')}
      </Seen>
      {children}
      {isLate && (
        <div className={classes.inside}>
          <Note>
            {text('onboarding.late')}
            <ul className={classes.causes}>
              <li>{text('onboarding.late_policy')}</li>
              <li>{text('onboarding.late_blocker')}</li>
              <li>{text('onboarding.late_build')}</li>
            </ul>
          </Note>
        </div>
      )}
    </Panel>
  );
}

function Seen({ tone, when, children }: { tone: 'off' | 'ok' | 'danger'; when: string | undefined; children: string }) {
  const text = useText();
  return (
    <div className={classes.seen}>
      <Dot tone={tone} />
      <span className={classes.words}>{children}</span>
      <span>{when ?? text('onboarding.not_seen')}</span>
    </div>
  );
}
