import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { mayAct, sessionQuery } from '../api/session.ts';
import { Icon } from '../ui/Icon.tsx';
import { useText } from '../ui/language.tsx';
import { useScope } from '../ui/scope.tsx';
import { EnvironmentPicker } from './EnvironmentPicker.tsx';
import { isAt, PLACES } from './slices.ts';
import classes from './TabBar.module.css';
import { LanguageButton, RefreshButton, ThemeMenu } from './TopBar.tsx';

const TABS = ['/', '/explore/session', '/explore/error', '/applications'];

/** Under 860 px: four places and the rest behind "More". */
export function TabBar() {
  const text = useText();
  const pathname = useLocation({ select: (location) => location.pathname });
  const { env } = useScope();
  const [sheet, setSheet] = useState<'more' | 'filters' | null>(null);
  const close = () => setSheet(null);
  return (
    <>
      <nav className={classes.bar} aria-label={text('shell.main_navigation')}>
        {PLACES.filter((place) => TABS.includes(place.path)).map((place) => (
          <Link
            to={place.path}
            key={place.path}
            className={classes.tab}
            aria-current={isAt(place, pathname) ? 'page' : undefined}
          >
            <Icon name={place.icon} size={18} />
            {text(place.title)}
          </Link>
        ))}
        <button type="button" className={classes.tab} onClick={() => setSheet('more')}>
          <Icon name="menu" size={18} />
          {text('shell.more')}
        </button>
      </nav>
      <button type="button" className={classes.filters} onClick={() => setSheet('filters')}>
        <Icon name="filter" size={14} />
        {env === undefined ? text('shell.filters') : text('shell.filters_n', { n: 1 })}
      </button>
      <Drawer
        opened={sheet === 'more'}
        onClose={close}
        position="bottom"
        size="auto"
        title={text('shell.more')}
        closeButtonProps={{ 'aria-label': text('common.close') }}
      >
        <More onChosen={close} />
      </Drawer>
      <Drawer
        opened={sheet === 'filters'}
        onClose={close}
        position="bottom"
        size="auto"
        title={text('shell.filters')}
        closeButtonProps={{ 'aria-label': text('common.close') }}
      >
        <div className={classes.tools}>
          <EnvironmentPicker />
          <RefreshButton />
        </div>
      </Drawer>
    </>
  );
}

function More({ onChosen }: { onChosen: () => void }) {
  const text = useText();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  const places = PLACES.filter((place) => !TABS.includes(place.path) && (place.needs !== 'admin' || isAdmin));
  return (
    <>
      <ul className={classes.places}>
        {places.map((place) => (
          <li key={place.path}>
            <Link to={place.path} className={classes.place} onClick={onChosen}>
              <Icon name={place.icon} size={18} />
              {text(place.title)}
            </Link>
          </li>
        ))}
      </ul>
      <div className={classes.tools}>
        <ThemeMenu />
        <LanguageButton />
      </div>
    </>
  );
}
