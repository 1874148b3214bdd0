import type { PlainKey } from '../lib/text/catalogue.ts';

/** Every key the console listens to. `?` prints this table; nothing else binds a key. */
interface Shortcut {
  /** Pressed one after the other; `mod` is Ctrl, or ⌘ on a Mac. */
  keys: readonly string[];
  group: 'everywhere' | 'go' | 'time' | 'list' | 'session';
  title: PlainKey;
}

export const SHORTCUTS = {
  palette: { keys: ['mod+k'], group: 'everywhere', title: 'shell.key.palette' },
  search: { keys: ['/'], group: 'everywhere', title: 'shell.key.search' },
  help: { keys: ['?'], group: 'everywhere', title: 'shell.key.help' },
  new: { keys: ['n'], group: 'everywhere', title: 'shell.key.new' },
  go_overview: { keys: ['g', 'o'], group: 'go', title: 'shell.key.go_overview' },
  go_views: { keys: ['g', 'v'], group: 'go', title: 'shell.key.go_views' },
  go_sessions: { keys: ['g', 's'], group: 'go', title: 'shell.key.go_sessions' },
  go_errors: { keys: ['g', 'e'], group: 'go', title: 'shell.key.go_errors' },
  go_applications: { keys: ['g', 'a'], group: 'go', title: 'shell.key.go_applications' },
  go_intake: { keys: ['g', 'h'], group: 'go', title: 'shell.key.go_intake' },
  range_1: { keys: ['t', '1'], group: 'time', title: 'shell.key.range_1' },
  range_2: { keys: ['t', '2'], group: 'time', title: 'shell.key.range_2' },
  range_3: { keys: ['t', '3'], group: 'time', title: 'shell.key.range_3' },
  range_4: { keys: ['t', '4'], group: 'time', title: 'shell.key.range_4' },
  range_5: { keys: ['t', '5'], group: 'time', title: 'shell.key.range_5' },
  range_6: { keys: ['t', '6'], group: 'time', title: 'shell.key.range_6' },
  range_7: { keys: ['t', '7'], group: 'time', title: 'shell.key.range_7' },
  range_8: { keys: ['t', '8'], group: 'time', title: 'shell.key.range_8' },
  range_9: { keys: ['t', '9'], group: 'time', title: 'shell.key.range_9' },
  next_row: { keys: ['j'], group: 'list', title: 'shell.key.next_row' },
  previous_row: { keys: ['k'], group: 'list', title: 'shell.key.previous_row' },
  filter_by: { keys: ['f'], group: 'list', title: 'shell.key.filter_by' },
  exclude: { keys: ['-'], group: 'list', title: 'shell.key.exclude' },
  copy: { keys: ['c'], group: 'list', title: 'shell.key.copy' },
  previous_session: { keys: ['['], group: 'session', title: 'shell.key.previous_session' },
  next_session: { keys: [']'], group: 'session', title: 'shell.key.next_session' },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof SHORTCUTS;
