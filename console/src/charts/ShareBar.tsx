import { formatShareRough } from '../lib/format.ts';
import { useLanguage, useText } from '../ui/language.tsx';
import classes from './ShareBar.module.css';

export interface Shares {
  readonly good: number;
  readonly needs: number;
  readonly poor: number;
}

interface ShareBarProps {
  shares: Shares;
  /** Thin bars stand in table cells, without numbers below. */
  isThin?: boolean;
}

/** How many were good, needed work and were poor: three parts of one bar, the numbers below. */
export function ShareBar({ shares, isThin = false }: ShareBarProps) {
  const text = useText();
  const language = useLanguage();
  const good = formatShareRough(shares.good, language);
  const needs = formatShareRough(shares.needs, language);
  const poor = formatShareRough(shares.poor, language);
  return (
    <div>
      <span
        className={classes.bar}
        data-thin={isThin || undefined}
        role="img"
        aria-label={text('charts.shares', { good, needs, poor })}
      >
        {shares.good > 0 && <i className={classes.good} style={{ flexGrow: shares.good }} />}
        {shares.needs > 0 && <i className={classes.needs} style={{ flexGrow: shares.needs }} />}
        {shares.poor > 0 && <i className={classes.poor} style={{ flexGrow: shares.poor }} />}
      </span>
      {!isThin && (
        <div className={classes.numbers} aria-hidden="true">
          <span>{text('charts.good_share', { share: good })}</span>
          <span>{needs}</span>
          <span>{text('charts.poor_share', { share: poor })}</span>
        </div>
      )}
    </div>
  );
}
