import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { mayAct, sessionQuery } from '../api/session.ts';
import { Icon } from '../ui/Icon.tsx';
import { useText } from '../ui/language.tsx';
import { isAt, PLACES } from './slices.ts';
import classes from './TabBar.module.css';
import { LanguageButton, RefreshButton, ThemeMenu } from './TopBar.tsx';

const TABS = ['/', '/explore/session', '/explore/error', '/applications'];

/** Under 860 px: four places and the rest behind "More". */
export function TabBar() {
  const text = useText();
  const pathname = useLocation({ select: (location) => location.pathname });
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
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
        <button type="button" className={classes.tab} onClick={() => setOpen(true)}>
          <Icon name="menu" size={18} />
          {text('shell.more')}
        </button>
      </nav>
      <Drawer
        opened={isOpen}
        onClose={close}
        position="bottom"
        size="auto"
        title={text('shell.more')}
        closeButtonProps={{ 'aria-label': text('common.close') }}
      >
        <More onChosen={close} />
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
        <RefreshButton />
        <ThemeMenu />
        <LanguageButton />
      </div>
    </>
  );
}
