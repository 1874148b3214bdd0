import { Link } from '@tanstack/react-router';
import { formatDuration } from '../../lib/format.ts';
import { shortId } from '../../lib/ids.ts';
import { formatCountry } from '../../lib/regions.ts';
import { filterFor } from '../../lib/search.ts';
import { formatRange } from '../../lib/time/format.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { useTimeContext } from '../../ui/format.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Tag } from '../../ui/Tag.tsx';
import type { Fields, SessionAnswer } from './queries.ts';
import classes from './SessionHead.module.css';
import { numberIn, textIn } from './timeline.ts';

/** Who, when, for how long and with what. */
export function SessionHead({ answer, id, app }: { answer: SessionAnswer; id: string; app: string | undefined }) {
  const text = useText();
  const { session } = answer;
  const errors = numberIn(session, 'session_error_count') ?? 0;
  const frustrations = numberIn(session, 'session_frustration_count') ?? 0;
  const person = personOf(session);
  return (
    <header className={classes.head}>
      <span className={classes.mark} aria-hidden="true">
        <Icon name="person" size={18} />
      </span>
      <div className={classes.who}>
        <div className={classes.row}>
          <h1>{useName(session)}</h1>
          <span className={classes.id} title={id}>
            {shortId(id)}
          </span>
          <CopyButton value={id} isIcon />
        </div>
        <Facts session={session} />
      </div>
      <div className={classes.end}>
        {session.bot === true && <Tag>{text('sessions.bot')}</Tag>}
        {session.session_is_active === true && <Tag tone="ok">{text('sessions.active')}</Tag>}
        {errors > 0 && <Tag tone="danger">{text('sessions.errors', { n: errors })}</Tag>}
        {frustrations > 0 && <Tag tone="warn">{text('sessions.frustrations', { n: frustrations })}</Tag>}
        {person !== null && (
          <Link
            to="/explore/$table"
            params={{ table: 'session' }}
            search={(search) => ({ ...search, app, q: filterFor(person.field, person.value) })}
            className={classes.link}
          >
            {text('sessions.list')}
          </Link>
        )}
        <CopyButton value={window.location.href} label={text('sessions.copy_link')} />
      </div>
    </header>
  );
}

function useName(session: Fields): string {
  const text = useText();
  const language = useLanguage();
  const name = textIn(session, 'user_name') ?? textIn(session, 'user_email') ?? textIn(session, 'user_id');
  if (name !== null) return name;
  const country = formatCountry(textIn(session, 'country_code'), textIn(session, 'country'), language);
  const place = textIn(session, 'city') ?? country;
  return place === null ? text('sessions.guest_unknown') : text('sessions.guest', { place });
}

/** By what other sessions of the same person are found. */
function personOf(session: Fields): { field: string; value: string } | null {
  for (const field of ['user_id', 'anonymous_id', 'device_id']) {
    const value = textIn(session, field);
    if (value !== null) return { field, value };
  }
  return null;
}

function Facts({ session }: { session: Fields }) {
  const text = useText();
  const context = useTimeContext();
  const both = (...names: string[]) =>
    names
      .map((name) => textIn(session, name))
      .filter((value) => value !== null)
      .join(' ');
  const from = Date.parse(textIn(session, 'session_start') ?? textIn(session, 'time') ?? '');
  const length = numberIn(session, 'session_duration') ?? 0;
  const host = textIn(session, 'referrer_host');
  const facts = [
    Number.isFinite(from) ? formatRange(from, from + length / 1e6, context) : '',
    formatDuration(length, context.language),
    both('device_brand', 'device_model') || both('device_type'),
    both('os_name', 'os_version_major'),
    both('browser_name', 'browser_version_major'),
    both('version'),
    both('network_type') || both('network_effective_type'),
    host === null ? '' : text('sessions.from', { host }),
  ].filter((fact) => fact !== '');
  return (
    <div className={classes.facts}>
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </div>
  );
}
