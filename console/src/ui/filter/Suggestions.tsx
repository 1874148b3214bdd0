import { useEffect, useRef } from 'react';
import { useText } from '../language.tsx';
import classes from './FilterBar.module.css';
import type { Suggestion } from './useSuggestions.ts';

interface SuggestionsProps {
  id: string;
  items: readonly Suggestion[];
  active: number;
  onChoose: (item: Suggestion) => void;
}

/** What fits the draft. The focus stays in the line; it says which one is active. */
export function Suggestions({ id, items, active, onChoose }: SuggestionsProps) {
  const text = useText();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <div ref={list} id={id} role="listbox" aria-label={text('common.suggestions')} className={classes.list}>
      {items.map((item, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the line's, which holds the focus
        // biome-ignore lint/a11y/useFocusableInteractive: the line points at the active one
        <div
          key={item.text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={classes.option}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(item)}
        >
          <span className={classes.name}>{item.label}</span>
          <span className={classes.note}>{item.note}</span>
        </div>
      ))}
    </div>
  );
}
