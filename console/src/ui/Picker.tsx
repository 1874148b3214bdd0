import { Combobox, useCombobox } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Icon } from './Icon.tsx';
import { useText } from './language.tsx';
import classes from './Picker.module.css';

export interface Choice {
  value: string;
  label: string;
  /** Beside the label, small. */
  note?: string;
  icon?: ReactNode;
}

/** A button that opens a list to choose one of. With many choices the list can be searched. */
export function Picker({
  label,
  choices,
  value,
  onChange,
  search,
  empty,
  foot,
  children,
}: {
  /** What is chosen, for the list: "Application". The button is named by what it shows. */
  label: string;
  choices: readonly Choice[];
  value: string;
  onChange: (value: string) => void;
  /** Placeholder of the search field; it is there from eight choices on. */
  search?: string;
  empty?: string;
  foot?: ReactNode;
  children: ReactNode;
}) {
  const text = useText();
  const [query, setQuery] = useState('');
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      setQuery('');
    },
    onDropdownOpen: () => combobox.selectActiveOption(),
  });
  const hasSearch = search !== undefined && choices.length > 7;
  const wanted = query.trim().toLowerCase();
  const found = choices.filter((choice) => `${choice.label} ${choice.note ?? ''}`.toLowerCase().includes(wanted));
  return (
    <Combobox
      store={combobox}
      width={280}
      position="bottom-start"
      withinPortal
      onOptionSubmit={(chosen) => {
        onChange(chosen);
        combobox.closeDropdown();
      }}
    >
      <Combobox.Target targetType="button" withAriaAttributes>
        <button type="button" className={classes.button} onClick={() => combobox.toggleDropdown()}>
          {children}
          <Icon name="down" size={14} />
        </button>
      </Combobox.Target>
      <Combobox.Dropdown className={classes.dropdown ?? ''}>
        {hasSearch && (
          <Combobox.Search
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
            placeholder={search}
            aria-label={search}
          />
        )}
        <Combobox.Options className={classes.options ?? ''} aria-label={label}>
          {found.map((choice) => (
            <Combobox.Option
              value={choice.value}
              key={choice.value}
              active={choice.value === value}
              className={classes.option ?? ''}
            >
              {choice.icon}
              <span className={classes.label}>{choice.label}</span>
              {choice.note !== undefined && <span className={classes.note}>{choice.note}</span>}
              {choice.value === value && <Icon name="check" size={14} />}
            </Combobox.Option>
          ))}
          {found.length === 0 && <Combobox.Empty>{empty ?? text('common.none')}</Combobox.Empty>}
        </Combobox.Options>
        {foot !== undefined && <Combobox.Footer>{foot}</Combobox.Footer>}
      </Combobox.Dropdown>
    </Combobox>
  );
}
