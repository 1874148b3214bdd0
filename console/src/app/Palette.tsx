import { Modal } from '@mantine/core';
import { type KeyboardEvent, useId, useState } from 'react';
import { Icon } from '../ui/Icon.tsx';
import { Caps, Keys } from '../ui/Keys.tsx';
import { useText } from '../ui/language.tsx';
import classes from './Palette.module.css';
import { type PaletteEntry, usePaletteEntries } from './palette-entries.ts';

/** "Take me there": pages, applications, ids, times and commands behind one field. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const text = useText();
  const id = useId();
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const entries = usePaletteEntries(typed, onHelp);
  const current = Math.min(active, entries.length - 1);
  const open = (entry: PaletteEntry | undefined) => {
    if (entry === undefined) return;
    onClose();
    entry.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : entries.length - 1;
      setActive((current + step) % Math.max(entries.length, 1));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(entries[current]);
    }
  };
  // Not by className of the content: Mantine puts that on the layer around it, too, which then covers the page.
  return (
    <Modal.Root
      opened
      onClose={onClose}
      padding={0}
      size={640}
      yOffset={96}
      classNames={{ content: classes.content ?? '' }}
    >
      <Modal.Overlay />
      <Modal.Content radius="lg" aria-label={text('shell.palette')}>
        <div className={classes.field}>
          <Icon name="search" />
          <input
            className={classes.input}
            role="combobox"
            aria-expanded="true"
            aria-controls={id}
            aria-activedescendant={entries.length > 0 ? `${id}-${current}` : undefined}
            aria-label={text('shell.palette')}
            placeholder={text('shell.palette_placeholder')}
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              setActive(0);
            }}
            onKeyDown={onKey}
            data-autofocus
            autoComplete="off"
            spellCheck={false}
          />
          <Caps keys={['Esc']} />
        </div>
        <div className={classes.list} id={id} role="listbox" aria-label={text('shell.palette')}>
          {entries.map((entry, index) => (
            <div key={entry.id}>
              {entry.group !== entries[index - 1]?.group && (
                <div className={classes.group} role="presentation">
                  {text(entry.group)}
                </div>
              )}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys */}
              <div
                className={classes.entry}
                role="option"
                id={`${id}-${index}`}
                aria-selected={index === current}
                tabIndex={-1}
                onMouseMove={() => setActive(index)}
                onClick={() => open(entry)}
              >
                <Icon name={entry.icon} />
                <span className={classes.label}>{entry.label}</span>
                {entry.note !== undefined && <span className={classes.note}>{entry.note}</span>}
                {entry.shortcut !== undefined && <Keys of={entry.shortcut} />}
              </div>
            </div>
          ))}
          {entries.length === 0 && <p className={classes.empty}>{text('shell.palette_empty')}</p>}
        </div>
        <div className={classes.foot}>
          <span>
            <Caps keys={['↑', '↓']} /> {text('shell.palette_move')}
          </span>
          <span>
            <Caps keys={['↵']} /> {text('shell.palette_open')}
          </span>
          <span>{text('shell.palette_id_hint')}</span>
          <span className={classes.count} role="status">
            {text('shell.palette_results', { n: entries.length })}
          </span>
        </div>
      </Modal.Content>
    </Modal.Root>
  );
}
