import { useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { applicationsQuery } from '../api/applications.ts';
import { mayAct, sessionQuery } from '../api/session.ts';
import type { PlainKey } from '../lib/text/catalogue.ts';
import { describeRange, parseTypedRange, RANGE_PRESETS, type TimeRange } from '../lib/time/range.ts';
import { copyText } from '../ui/clipboard.ts';
import { useTimeContext } from '../ui/format.tsx';
import type { IconName } from '../ui/Icon.tsx';
import { useLanguage, useText } from '../ui/language.tsx';
import { setPreferences } from '../ui/preferences.tsx';
import { useScope, useSetScope } from '../ui/scope.tsx';
import type { ShortcutName } from '../ui/shortcut-table.ts';
import { PLACES } from './slices.ts';
import { useRefreshAll } from './use-refresh-all.ts';

export interface PaletteEntry {
  id: string;
  group: PlainKey;
  icon: IconName;
  label: string;
  note?: string;
  shortcut?: ShortcutName;
  run: () => void;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MOST = 40;

/** What the palette offers for what was typed. `>` narrows to commands. */
export function usePaletteEntries(typed: string, onHelp: () => void): PaletteEntry[] {
  const isCommand = typed.startsWith('>');
  const wanted = (isCommand ? typed.slice(1) : typed).trim().toLowerCase();
  const commands = useCommands(onHelp);
  const pages = usePages();
  const applications = useApplications();
  const ranges = useRanges(typed.trim());
  const ids = useIds(typed.trim());
  const matches = (entry: PaletteEntry) => `${entry.label} ${entry.note ?? ''}`.toLowerCase().includes(wanted);
  if (isCommand) return commands.filter(matches);
  const named = [...pages, ...applications, ...ranges.presets, ...commands].filter(matches);
  return [...ids.exact, ...named, ...ranges.typed, ...ids.search].slice(0, MOST);
}

function usePages(): PaletteEntry[] {
  const text = useText();
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  return PLACES.filter((place) => place.needs !== 'admin' || isAdmin).map((place) => ({
    id: `page ${place.path}`,
    group: 'shell.palette_pages',
    icon: place.icon,
    label: text(place.title),
    ...(place.shortcut === undefined ? {} : { shortcut: place.shortcut }),
    run: () => void navigate({ to: place.path }),
  }));
}

function useApplications(): PaletteEntry[] {
  const setScope = useSetScope();
  const { data = [] } = useQuery(applicationsQuery);
  return data.map((one) => ({
    id: `application ${one.app_id}`,
    group: 'shell.palette_applications',
    icon: 'applications',
    label: one.name,
    note: one.app_id,
    run: () => setScope({ app: one.app_id }),
  }));
}

function useRanges(typed: string): { presets: PaletteEntry[]; typed: PaletteEntry[] } {
  const context = useTimeContext();
  const setScope = useSetScope();
  const entry = (id: string, range: TimeRange): PaletteEntry => ({
    id: `range ${id}`,
    group: 'shell.palette_ranges',
    icon: 'clock',
    label: describeRange(range, context),
    run: () => setScope({ range }),
  });
  const presets = RANGE_PRESETS.map((preset) => entry(preset, { kind: 'relative', text: preset }));
  const parsed = typed === '' ? null : parseTypedRange(typed, Date.now(), context.timeZone);
  if (parsed === null || !parsed.ok) return { presets, typed: [] };
  const own = entry('typed', parsed.range);
  return { presets, typed: presets.some((one) => one.label === own.label) ? [] : [own] };
}

function useIds(typed: string): { exact: PaletteEntry[]; search: PaletteEntry[] } {
  const text = useText();
  const navigate = useNavigate();
  const { app } = useScope();
  if (typed === '') return { exact: [], search: [] };
  const find = (table: string, q: string) => () =>
    void navigate({ to: '/explore/$table', params: { table }, search: { q } });
  if (ID.test(typed)) {
    const id = typed.toLowerCase();
    const session: PaletteEntry = {
      id: 'session',
      group: 'shell.palette_ids',
      icon: 'session',
      label: text('shell.palette_session', { id }),
      run:
        app === undefined
          ? find('session', `session_id:${id}`)
          : () => void navigate({ to: '/sessions/$id', params: { id } }),
    };
    const view: PaletteEntry = {
      id: 'view',
      group: 'shell.palette_ids',
      icon: 'view',
      label: text('shell.palette_view', { id }),
      run: find('view', `view_id:${id}`),
    };
    return { exact: [session, view], search: [] };
  }
  const search: PaletteEntry = {
    id: 'search',
    group: 'shell.palette_search',
    icon: 'search',
    label: text('shell.palette_search_views', { q: typed }),
    run: find('view', typed),
  };
  return { exact: [], search: [search] };
}

function useCommands(onHelp: () => void): PaletteEntry[] {
  const text = useText();
  const language = useLanguage();
  const navigate = useNavigate();
  const refresh = useRefreshAll();
  const { setColorScheme } = useMantineColorScheme();
  const { data: session } = useQuery(sessionQuery);
  const command = (
    id: string,
    icon: IconName,
    label: string,
    run: () => void,
    shortcut?: ShortcutName,
  ): PaletteEntry => ({
    id: `command ${id}`,
    group: 'shell.palette_commands',
    icon,
    label,
    ...(shortcut === undefined ? {} : { shortcut }),
    run,
  });
  const create = command(
    'new',
    'plus',
    text('shell.new_application'),
    () => void navigate({ to: '/applications/new' }),
  );
  return [
    command('refresh', 'refresh', text('shell.command_refresh'), refresh),
    command('link', 'link', text('shell.command_copy_link'), () => void copyText(window.location.href)),
    ...(mayAct(session?.member?.role, 'admin') ? [create] : []),
    command('light', 'sun', text('shell.command_theme_light'), () => setColorScheme('light')),
    command('dark', 'moon', text('shell.command_theme_dark'), () => setColorScheme('dark')),
    command('system', 'display', text('shell.command_theme_system'), () => setColorScheme('auto')),
    command('language', 'globe', text('shell.command_language'), () =>
      setPreferences({ language: language === 'zh' ? 'en' : 'zh' }),
    ),
    command('help', 'help', text('shell.shortcuts'), onHelp, 'help'),
  ];
}
