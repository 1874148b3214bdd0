import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { isProblem } from '../../api/problem.ts';
import { charOfByte } from '../../lib/completion.ts';
import { joinFilters, printLine, removeToken, replaceToken, tokenise } from '../../lib/search.ts';
import type { Text } from '../../lib/text/catalogue.ts';
import { type Language, SENTENCE_GAP } from '../../lib/text/message.ts';
import { explain } from '../explain.ts';
import { Icon } from '../Icon.tsx';
import { useLanguage, useText } from '../language.tsx';
import { useShortcut } from '../shortcuts.tsx';
import classes from './FilterBar.module.css';
import { FilterToken } from './FilterToken.tsx';
import { Suggestions } from './Suggestions.tsx';
import { type Suggestion, useSuggestions } from './useSuggestions.ts';

interface FilterBarProps {
  /** The table whose fields are offered. */
  table: string;
  /** What the screen always asks for beside the line: values outside of it are not offered. */
  within?: string;
  value: string;
  onChange: (value: string) => void;
  /** The answer to the present value: a mistake is underlined where it is. */
  error: Error | null;
}

/** The search line: terms as tokens one can edit and take away, and a field that completes names and values. */
export function FilterBar({ table, within, value, onChange, error }: FilterBarProps) {
  const text = useText();
  const language = useLanguage();
  const listId = useId();
  const messageId = useId();
  const input = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState('');
  // The token that is being edited; its text is in the draft meanwhile.
  const [edited, setEdited] = useState<number | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const others = joinFilters(within, edited === null ? value : removeToken(value, edited));
  const suggestions = useSuggestions({ table, text: draft, others, isActive: isOpen });
  const tokens = tokenise(value);
  const mistake = mistakeOf(error, value, text, language);

  useShortcut('search', () => input.current?.focus());

  const write = (next: string) => {
    setDraft(next);
    setActive(-1);
    setOpen(true);
  };
  const done = (next: string) => {
    setDraft('');
    setEdited(null);
    setOpen(false);
    setActive(-1);
    if (next !== value) onChange(next);
  };
  const commit = (term: string) => {
    if (edited !== null) done(replaceToken(value, edited, term));
    else if (term.trim() !== '') done(joinTyped(value, term));
    else setOpen(false);
  };
  const edit = (index: number) => {
    setEdited(index);
    write(tokens[index]?.text ?? '');
    input.current?.focus();
  };
  const choose = (suggestion: Suggestion) => {
    if (suggestion.isWhole) commit(suggestion.text);
    else write(suggestion.text);
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = suggestions[active];
    const act = ACTIONS[event.key];
    if (event.nativeEvent.isComposing || act === undefined) return;
    if (act === 'enter') {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) commit(`"${draft.trim().replaceAll(/["\\]/g, '\\$&')}"`);
      else if (isOpen && chosen !== undefined) choose(chosen);
      else commit(draft);
    } else if (act === 'accept') {
      const first = chosen ?? suggestions[0];
      if (!isOpen || draft === '' || first === undefined) return;
      event.preventDefault();
      choose(first);
    } else if (act === 'close') {
      if (!isOpen && edited === null && draft === '') return;
      event.preventDefault();
      event.stopPropagation();
      if (isOpen) setOpen(false);
      else done(value);
    } else if (act === 'back') {
      if (draft !== '' || edited !== null || tokens.length === 0) return;
      event.preventDefault();
      edit(tokens.length - 1);
    } else {
      event.preventDefault();
      setOpen(true);
      const step = act === 'next' ? 1 : -1;
      setActive((at) => (suggestions.length === 0 ? -1 : (at + step + suggestions.length) % suggestions.length));
    }
  };

  return (
    <div className={classes.bar}>
      {/* biome-ignore lint/a11y/useSemanticElements: <search> is not known to assistive software everywhere yet */}
      <div className={classes.line} role="search" aria-label={text('common.filter')}>
        <Icon name="search" />
        {tokens.map(
          (token, index) =>
            index !== edited && (
              <FilterToken
                // Equal terms may stand twice: only their place tells them apart.
                key={`${token.start}:${token.text}`}
                token={token}
                mistake={mistake}
                onEdit={() => edit(index)}
                onRemove={() => done(removeToken(value, index))}
              />
            ),
        )}
        <input
          ref={input}
          className={classes.input}
          role="combobox"
          aria-label={text('common.add_filter')}
          aria-expanded={isOpen && suggestions.length > 0}
          aria-controls={listId}
          aria-activedescendant={active >= 0 ? `${listId}-${active}` : undefined}
          aria-autocomplete="list"
          aria-invalid={mistake !== null || undefined}
          aria-describedby={mistake === null ? undefined : messageId}
          autoComplete="off"
          spellCheck={false}
          placeholder={text('common.add_filter')}
          value={draft}
          onChange={(event) => write(event.currentTarget.value)}
          onFocus={() => setOpen(true)}
          onBlur={() => {
            setOpen(false);
            if (edited !== null) commit(draft);
          }}
          onKeyDown={onKeyDown}
        />
        {value !== '' && (
          <button
            type="button"
            className={classes.clear}
            aria-label={text('common.clear_filter')}
            onClick={() => done('')}
          >
            <Icon name="close" size={14} />
          </button>
        )}
      </div>
      {isOpen && suggestions.length > 0 && (
        <Suggestions id={listId} items={suggestions} active={active} onChoose={choose} />
      )}
      {mistake !== null && (
        <p id={messageId} className={classes.mistake} role="alert">
          {mistake.message}
        </p>
      )}
    </div>
  );
}

const ACTIONS: Readonly<Record<string, 'enter' | 'accept' | 'close' | 'back' | 'next' | 'previous'>> = {
  Enter: 'enter',
  Tab: 'accept',
  Escape: 'close',
  Backspace: 'back',
  ArrowDown: 'next',
  ArrowUp: 'previous',
};

/** Typed operators join as typed; anything else is another condition. */
function joinTyped(value: string, term: string): string {
  if (/^(AND|OR)\b/.test(term.trim())) return printLine(`${value} ${term}`);
  return joinFilters(value, term);
}

export interface Mistake {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

function mistakeOf(error: Error | null, value: string, text: Text, language: Language): Mistake | null {
  if (!isProblem(error) || error.position === undefined || value === '') return null;
  const { start, end } = error.position;
  const { detail, help } = explain(error, text, language);
  const message = help === undefined ? detail : `${detail}${SENTENCE_GAP[language]}${help}`;
  return {
    start: charOfByte(value, start),
    end: Math.max(charOfByte(value, end), charOfByte(value, start) + 1),
    message,
  };
}
