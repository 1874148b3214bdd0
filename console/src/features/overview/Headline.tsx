import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ABSENT, FEW, formatChange, formatFigure, formatNumber, unitOf } from '../../lib/format.ts';
import { isSureDifference } from '../../lib/sure.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { InfoButton } from '../../ui/InfoButton.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import classes from './Headline.module.css';
import type { Figure } from './queries.ts';

export interface HeadlineTexts {
  readonly label: PlainKey;
  readonly definition: PlainKey;
}

interface HeadlineProps {
  figure: Figure;
  texts: HeadlineTexts;
  snapshot: string;
  /** Short name before the label, as `LCP`. */
  short?: string;
  /** On the right of the label: a rating. */
  rating?: ReactNode;
  /** On the right of the value: a course or n. */
  beside?: ReactNode;
  children?: ReactNode;
}

/** A figure with its definition, its change, and the way to the events it counts. */
export function Headline({ figure, texts, snapshot, short, rating, beside, children }: HeadlineProps) {
  const text = useText();
  const language = useLanguage();
  const label = text(texts.label);
  const name = short ?? label;
  const [number, unit] =
    figure.value === null ? [ABSENT, ''] : formatFigure(figure.value, unitOf(figure.unit), language);
  return (
    <div className={classes.headline}>
      <div className={classes.label}>
        {short !== undefined && <b>{short}</b>}
        <span>{label}</span>
        <InfoButton
          title={name}
          definition={text(texts.definition)}
          sql={figure.sql}
          relativeError={figure.relative_error}
        />
        {rating !== undefined && <span className={classes.end}>{rating}</span>}
      </div>
      <div className={classes.row}>
        <div className={classes.main} data-inline={short !== undefined || undefined}>
          <Link
            to="/explore/$table"
            params={{ table: figure.table }}
            search={(search) => ({
              ...kept(search),
              q: figure.filter === '' ? undefined : figure.filter,
              snap: snapshot,
            })}
            className={classes.value}
            data-few={figure.n < FEW || undefined}
            title={
              figure.value === null
                ? (figure.unavailable ?? text('overview.not_measured'))
                : text('overview.open_list', { name })
            }
          >
            {number}
            {unit !== '' && <small>{unit}</small>}
          </Link>
          <ChangeOf figure={figure} />
        </div>
        {beside}
      </div>
      {children}
    </div>
  );
}

/** The scope of the overview goes along to the list; its own parameters do not. */
export function kept(search: {
  app?: string;
  env?: string;
  range?: string;
  from?: string;
  to?: string;
  tz?: string;
  include?: string;
}) {
  const { app, env, range, from, to, tz, include } = search;
  return { app, env, range, from, to, tz, include };
}

function ChangeOf({ figure }: { figure: Figure }) {
  const text = useText();
  const language = useLanguage();
  const { value, previous, n, previous_n: previousN } = figure;
  if (n < FEW) return <span className={classes.note}>{text('overview.n', { n })}</span>;
  if (value === null || previous === null || (previousN !== null && previousN < FEW)) return null;
  const change = formatChange(value, previous, unitOf(figure.unit), language);
  return (
    <span className={classes.changes}>
      <span className={classes.change} data-meaning={meaningOf(figure)}>
        <span aria-hidden="true">{change.text}</span>
        <span className="ff-hidden">{change.words}</span>
      </span>
      <span className={classes.from}>
        {text('overview.from', { value: formatNumber(previous, figure.unit, language) })}
      </span>
    </span>
  );
}

/** A change is good or bad only where its direction is a fact and chance does not explain it. */
function meaningOf({ name, value, previous, n, previous_n: previousN }: Figure): 'worse' | 'better' | undefined {
  if (name !== 'error_free_sessions' || value === null || previous === null || previousN === null) return undefined;
  if (!isSureDifference(value, n, previous, previousN)) return undefined;
  return value < previous ? 'worse' : 'better';
}
