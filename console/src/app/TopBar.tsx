import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { useMatches } from '@tanstack/react-router';
import { formatAgo } from '../lib/time/format.ts';
import { Icon, type IconName } from '../ui/Icon.tsx';
import { Keys } from '../ui/Keys.tsx';
import { useLanguage, useText } from '../ui/language.tsx';
import { setPreferences } from '../ui/preferences.tsx';
import { useRefresh } from '../ui/scope.tsx';
import { useNow } from '../ui/use-now.ts';
import { ApplicationPicker } from './ApplicationPicker.tsx';
import { EnvironmentPicker } from './EnvironmentPicker.tsx';
import { FiltersSheet } from './FiltersSheet.tsx';
import { RangePicker } from './RangePicker.tsx';
import classes from './TopBar.module.css';
import { useRefreshAll } from './use-refresh-all.ts';

export function TopBar({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const text = useText();
  const isTimeless = useMatches({ select: (matches) => matches.some((match) => match.staticData.timeless === true) });
  return (
    <header className={classes.bar}>
      <ApplicationPicker />
      <span className={classes.wide}>
        <EnvironmentPicker />
      </span>
      <button type="button" className={classes.goto} onClick={onPalette}>
        <Icon name="search" />
        <span>{text('shell.go_to')}</span>
        <Keys of="palette" />
      </button>
      <span className={classes.right}>
        {!isTimeless && <RangePicker />}
        {!isTimeless && <FiltersSheet />}
        <span className={classes.wide}>
          <RefreshButton />
          <ThemeMenu />
          <LanguageButton />
          <Tooltip label={text('shell.help')}>
            <ActionIcon aria-label={text('shell.help')} onClick={onHelp}>
              <Icon name="help" />
            </ActionIcon>
          </Tooltip>
        </span>
      </span>
    </header>
  );
}

export function RefreshButton() {
  const text = useText();
  const language = useLanguage();
  const { at } = useRefresh();
  const now = useNow(5000);
  const refresh = useRefreshAll();
  const ago = formatAgo(at, Math.max(now, at), language);
  return (
    <button type="button" className={classes.refresh} aria-label={text('shell.refreshed', { ago })} onClick={refresh}>
      <Icon name="refresh" />
      <span>{ago}</span>
    </button>
  );
}

const SCHEMES = ['light', 'dark', 'auto'] as const;
const SCHEME_ICONS: Record<(typeof SCHEMES)[number], IconName> = { light: 'sun', dark: 'moon', auto: 'display' };

export function ThemeMenu() {
  const text = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const names = { light: text('shell.theme_light'), dark: text('shell.theme_dark'), auto: text('shell.theme_system') };
  const label = text('shell.theme', { name: names[colorScheme] });
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label={label} title={label}>
          <Icon name={SCHEME_ICONS[colorScheme]} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon name={SCHEME_ICONS[scheme]} size={14} />}
            rightSection={scheme === colorScheme ? <Icon name="check" size={14} /> : undefined}
            onClick={() => setColorScheme(scheme)}
          >
            {names[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Each language by its own name: whoever looks for it reads no other. */
// catalogue-ok: names of languages
const LANGUAGES = { en: { name: 'English', short: 'EN' }, zh: { name: '中文', short: '中' } } as const;

export function LanguageButton() {
  const text = useText();
  const language = useLanguage();
  const label = text('shell.language');
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <button type="button" className={classes.language} title={LANGUAGES[language].name}>
          <Icon name="globe" />
          <span className="ff-hidden">{label}</span>
          <span>{LANGUAGES[language].short}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['en', 'zh'] as const).map((one) => (
          <Menu.Item
            key={one}
            lang={one}
            rightSection={one === language ? <Icon name="check" size={14} /> : undefined}
            onClick={() => setPreferences({ language: one })}
          >
            {LANGUAGES[one].name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
