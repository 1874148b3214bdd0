import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useMatches, useNavigate } from '@tanstack/react-router';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { mayAct, sessionQuery } from '../api/session.ts';
import type { PlainKey } from '../lib/text/catalogue.ts';
import { RANGE_PRESETS } from '../lib/time/range.ts';
import { useAnnounce } from '../ui/announcer.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { ZoneProvider } from '../ui/format.tsx';
import { useText } from '../ui/language.tsx';
import { Page } from '../ui/Page.tsx';
import { useScope, useSetScope } from '../ui/scope.tsx';
import { useShortcut } from '../ui/shortcuts.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { Navigation } from './Navigation.tsx';
import { Palette } from './Palette.tsx';
import classes from './Shell.module.css';
import { TabBar } from './TabBar.tsx';
import { TopBar } from './TopBar.tsx';

/** Navigation, top bar and the screen. */
export function Shell() {
  const text = useText();
  const { timeZone } = useScope();
  const [layer, setLayer] = useState<'palette' | 'help' | null>(null);
  const main = useRef<HTMLElement>(null);
  useArrival(main);
  useGlobalShortcuts();
  useShortcut('palette', () => setLayer('palette'));
  useShortcut('help', () => setLayer('help'));
  return (
    <ZoneProvider value={timeZone}>
      <a href="#main" className={classes.skip}>
        {text('shell.skip')}
      </a>
      <div className={classes.shell}>
        <Navigation />
        <TopBar onPalette={() => setLayer('palette')} onHelp={() => setLayer('help')} />
        <main id="main" className={classes.main} ref={main} tabIndex={-1}>
          <Permitted />
        </main>
        <TabBar />
      </div>
      {layer === 'palette' && <Palette onClose={() => setLayer(null)} onHelp={() => setLayer('help')} />}
      <HelpDialog isOpen={layer === 'help'} onClose={() => setLayer(null)} />
    </ZoneProvider>
  );
}

/** The screen, or who can grant what it needs. */
function Permitted() {
  const text = useText();
  const { data: session } = useQuery(sessionQuery);
  const needs = useMatches({ select: (matches) => matches.find((match) => match.staticData.needs)?.staticData.needs });
  if (needs !== undefined && !mayAct(session?.member?.role, needs))
    return <NoPermission title={text('shell.settings')} />;
  return <Outlet />;
}

function NoPermission({ title }: { title: string }) {
  const text = useText();
  return (
    <Page title={title}>
      <EmptyState icon="shield" text={text('shell.needs_admin')} />
    </Page>
  );
}

/** On arrival at another screen: its title for the tab and for screen readers, and the focus on the content. */
function useArrival(main: RefObject<HTMLElement | null>) {
  const text = useText();
  const announce = useAnnounce();
  const pathname = useLocation({ select: (location) => location.pathname });
  const title: PlainKey | undefined = useMatches({
    select: (matches) => matches.findLast((match) => match.staticData.title)?.staticData.title,
  });
  const words = title === undefined ? undefined : text(title);
  const last = useRef(pathname);
  useEffect(() => {
    document.title = words === undefined ? text('shell.footfall') : `${words} · ${text('shell.footfall')}`;
    if (last.current === pathname) return;
    last.current = pathname;
    if (words !== undefined) announce(text('shell.arrived', { title: words }));
    main.current?.focus({ preventScroll: true });
    main.current?.scrollTo({ top: 0 });
  }, [pathname, words, text, announce, main]);
}

function useGlobalShortcuts() {
  const navigate = useNavigate();
  const setScope = useSetScope();
  useShortcut('go_overview', () => void navigate({ to: '/' }));
  useShortcut('go_views', () => void navigate({ to: '/explore/$table', params: { table: 'view' } }));
  useShortcut('go_sessions', () => void navigate({ to: '/explore/$table', params: { table: 'session' } }));
  useShortcut('go_errors', () => void navigate({ to: '/explore/$table', params: { table: 'error' } }));
  useShortcut('go_applications', () => void navigate({ to: '/applications' }));
  useShortcut('go_intake', () => void navigate({ to: '/intake' }));
  const range = (index: number) => () => {
    const preset = RANGE_PRESETS[index];
    if (preset !== undefined) setScope({ range: { kind: 'relative', text: preset } });
  };
  useShortcut('range_1', range(0));
  useShortcut('range_2', range(1));
  useShortcut('range_3', range(2));
  useShortcut('range_4', range(3));
  useShortcut('range_5', range(4));
  useShortcut('range_6', range(5));
  useShortcut('range_7', range(6));
  useShortcut('range_8', range(7));
  useShortcut('range_9', range(8));
}
