import type { ReactNode } from 'react';
import type { Token } from '../../lib/search.ts';
import { Icon } from '../Icon.tsx';
import { useText } from '../language.tsx';
import classes from './FilterBar.module.css';
import type { Mistake } from './FilterBar.tsx';

interface FilterTokenProps {
  token: Token;
  mistake: Mistake | null;
  onEdit: () => void;
  onRemove: () => void;
}

/** One term of the line. Click edits it, the cross takes it away. */
export function FilterToken({ token, mistake, onEdit, onRemove }: FilterTokenProps) {
  const text = useText();
  const colon = token.kind === 'filter' ? token.text.indexOf(':') + 1 : 0;
  return (
    <span className={classes.token} data-excluded={token.isExcluded || undefined} data-kind={token.kind}>
      <button
        type="button"
        className={classes.edit}
        onClick={onEdit}
        title={token.text}
        aria-label={text('common.edit_filter', { filter: token.text })}
      >
        {colon > 0 && <span className={classes.field}>{marked(token, 0, colon, mistake)}</span>}
        <span className={classes.value}>{marked(token, colon, token.text.length, mistake)}</span>
      </button>
      {token.kind !== 'operator' && (
        <button
          type="button"
          className={classes.remove}
          aria-label={text('common.remove_filter', { filter: token.text })}
          onClick={onRemove}
        >
          <Icon name="close" size={12} />
        </button>
      )}
    </span>
  );
}

/** A part of the token, with what the server means underlined. */
function marked(token: Token, from: number, to: number, mistake: Mistake | null): ReactNode {
  const part = token.text.slice(from, to);
  if (mistake === null) return part;
  const start = Math.max(from, mistake.start - token.start);
  const end = Math.min(to, mistake.end - token.start);
  if (end <= start) return part;
  return (
    <>
      {token.text.slice(from, start)}
      <mark className={classes.wrong}>{token.text.slice(start, end)}</mark>
      {token.text.slice(end, to)}
    </>
  );
}
