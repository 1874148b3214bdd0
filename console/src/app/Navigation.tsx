import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { activityQuery } from '../api/applications.ts';
import { mayAct, sessionQuery } from '../api/session.ts';
import { Icon } from '../ui/Icon.tsx';
import { Logo } from '../ui/Logo.tsx';
import { useText } from '../ui/language.tsx';
import { setPreferences, usePreferences } from '../ui/preferences.tsx';
import { Dot } from '../ui/Tag.tsx';
import classes from './Navigation.module.css';
import { GROUPS, isAt, type Place, PROFILE } from './slices.ts';

export function Navigation() {
  const text = useText();
  const { isNavigationFolded: isFolded } = usePreferences();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  return (
    <nav className={classes.navigation} data-folded={isFolded || undefined} aria-label={text('shell.main_navigation')}>
      <div className={classes.brand}>
        <Link to="/" className={classes.home} aria-label={text('shell.footfall')}>
          <Logo />
          {!isFolded && <span>{text('shell.footfall')}</span>}
        </Link>
        <button
          type="button"
          className={classes.fold}
          aria-label={text(isFolded ? 'shell.unfold' : 'shell.fold')}
          title={text(isFolded ? 'shell.unfold' : 'shell.fold')}
          onClick={() => setPreferences({ isNavigationFolded: !isFolded })}
        >
          <Icon name="fold" size={14} />
        </button>
      </div>
      {GROUPS.map((group) => (
        <div key={group.title ?? 'first'}>
          {group.title !== undefined && <div className={classes.group}>{isFolded ? ' ' : text(group.title)}</div>}
          <ul className={classes.places}>
            {group.places.map((place) =>
              place.needs === 'admin' && !isAdmin ? null : <Entry key={place.path} place={place} isFolded={isFolded} />,
            )}
          </ul>
        </div>
      ))}
      <div className={classes.foot}>
        <Heartbeat isFolded={isFolded} />
        <ul className={classes.places}>
          <Entry place={PROFILE} isFolded={isFolded} label={session?.member?.name} />
        </ul>
      </div>
    </nav>
  );
}

function Entry({ place, isFolded, label }: { place: Place; isFolded: boolean; label?: string | undefined }) {
  const text = useText();
  const pathname = useLocation({ select: (location) => location.pathname });
  const words = label ?? text(place.title);
  return (
    <li>
      <Link
        to={place.path}
        className={classes.place}
        aria-current={isAt(place, pathname) ? 'page' : undefined}
        aria-label={isFolded ? words : undefined}
        title={isFolded ? words : undefined}
      >
        <Icon name={place.icon} />
        {!isFolded && <span className={classes.words}>{words}</span>}
      </Link>
    </li>
  );
}

/** Whether events arrive, and how many: it beats when all is well. */
function Heartbeat({ isFolded }: { isFolded: boolean }) {
  const text = useText();
  const { data } = useQuery(activityQuery);
  if (data === undefined) return null;
  const quiet = data.filter((one) => one.state === 'quiet').length;
  const isLive = data.some((one) => one.state === 'live');
  const perMinute = Math.round(data.reduce((sum, one) => sum + one.events_per_minute, 0));
  const words =
    quiet > 0
      ? text('shell.quiet', { n: quiet })
      : isLive
        ? text('shell.events_per_minute', { n: perMinute })
        : text('shell.waiting');
  return (
    <Link
      to="/intake"
      className={classes.beatLink}
      aria-label={isFolded ? words : undefined}
      title={isFolded ? words : undefined}
    >
      <span className={classes.beat}>
        <Dot tone={quiet > 0 ? 'warn' : isLive ? 'ok' : 'off'} isLive={quiet === 0 && isLive} />
      </span>
      {!isFolded && <span className={classes.words}>{words}</span>}
    </Link>
  );
}
