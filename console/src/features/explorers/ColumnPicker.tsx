import { Button, Checkbox, Popover, ScrollArea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { columnsOf, dictionaryQuery } from '../../api/dictionary.ts';
import { matchingFields } from '../../lib/completion.ts';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import classes from './ColumnPicker.module.css';

interface ColumnPickerProps {
  table: string;
  names: readonly string[];
  isChanged: boolean;
  /** Null is back to the usual ones. */
  onChange: (names: readonly string[] | null) => void;
}

/** A list answers at most this many columns. */
const MOST = 40;

/** Any field of the table as a column. */
export function ColumnPicker({ table, names, isChanged, onChange }: ColumnPickerProps) {
  const text = useText();
  const [needle, setNeedle] = useState('');
  const dictionary = useQuery(dictionaryQuery);
  const known = columnsOf(dictionary.data, table);
  const shown = matchingFields(known, needle, 60);
  const toggle = (name: string) => {
    const next = names.includes(name) ? names.filter((one) => one !== name) : [...names, name];
    if (next.length > 0) onChange(next.slice(0, MOST));
  };
  return (
    <Popover position="bottom-end" width={300} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="columns" size={14} />}>
          {text('explorers.columns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <TextInput
          aria-label={text('explorers.columns_hint')}
          placeholder={text('explorers.columns_hint')}
          value={needle}
          onChange={(event) => setNeedle(event.currentTarget.value)}
        />
        <ScrollArea.Autosize mah={320} className={classes.list ?? ''}>
          {shown.map((column) => (
            <Checkbox
              key={column.name}
              className={classes.item ?? ''}
              label={column.name}
              title={column.doc}
              checked={names.includes(column.name)}
              onChange={() => toggle(column.name)}
            />
          ))}
        </ScrollArea.Autosize>
        {isChanged && (
          <Button variant="subtle" onClick={() => onChange(null)}>
            {text('explorers.columns_reset')}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
