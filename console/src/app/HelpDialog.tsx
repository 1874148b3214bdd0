import { Modal, Switch } from '@mantine/core';
import { Fragment } from 'react';
import type { PlainKey } from '../lib/text/catalogue.ts';
import { Keys } from '../ui/Keys.tsx';
import { useText } from '../ui/language.tsx';
import { setPreferences, usePreferences } from '../ui/preferences.tsx';
import { SHORTCUTS, type ShortcutName } from '../ui/shortcut-table.ts';
import classes from './HelpDialog.module.css';

const GROUPS: readonly { group: (typeof SHORTCUTS)[ShortcutName]['group']; title: PlainKey }[] = [
  { group: 'everywhere', title: 'shell.group_everywhere' },
  { group: 'go', title: 'shell.group_go' },
  { group: 'time', title: 'shell.group_time' },
  { group: 'list', title: 'shell.group_list' },
  { group: 'session', title: 'shell.group_session' },
];

/** All shortcuts, from the one table, and what a person can set about them. */
export function HelpDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const text = useText();
  const { hasLetterKeys, isDense } = usePreferences();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={text('shell.shortcuts')}
      size="xl"
      closeButtonProps={{ 'aria-label': text('common.close') }}
    >
      <div className={classes.groups}>
        {GROUPS.map(({ group, title }) => (
          <section key={group} className={classes.group}>
            <h3 className={classes.title}>{text(title)}</h3>
            <dl className={classes.list}>
              {namesOf(group).map((name) => (
                <Fragment key={name}>
                  <dt>{text(SHORTCUTS[name].title)}</dt>
                  <dd>
                    <Keys of={name} />
                  </dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className={classes.settings}>
        <Switch
          label={text('shell.letter_keys')}
          checked={hasLetterKeys}
          onChange={(event) => setPreferences({ hasLetterKeys: event.currentTarget.checked })}
        />
        <Switch
          label={text('shell.dense')}
          checked={isDense}
          onChange={(event) => setPreferences({ isDense: event.currentTarget.checked })}
        />
      </div>
    </Modal>
  );
}

function namesOf(group: string): ShortcutName[] {
  const names: ShortcutName[] = [];
  for (const name in SHORTCUTS) {
    if (isName(name) && SHORTCUTS[name].group === group) names.push(name);
  }
  return names;
}

function isName(name: string): name is ShortcutName {
  return Object.hasOwn(SHORTCUTS, name);
}
