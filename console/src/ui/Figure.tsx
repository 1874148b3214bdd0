import type { ReactNode } from 'react';
import classes from './Figure.module.css';

/** A headline value: label, number with its unit set smaller, and what belongs beside and below it. */
export function Figure({
  label,
  value,
  unit,
  info,
  beside,
  note,
  isHollow = false,
}: {
  label: ReactNode;
  /** Already formatted. */
  value: ReactNode;
  unit?: ReactNode;
  info?: ReactNode;
  /** Change, n, rating: small, beside the number. */
  beside?: ReactNode;
  note?: ReactNode;
  /** Too few events for a verdict. */
  isHollow?: boolean;
}) {
  return (
    <div className={classes.figure}>
      <div className={classes.label}>
        {label}
        {info}
      </div>
      <div className={classes.row}>
        <span className={classes.value} data-hollow={isHollow || undefined}>
          {value}
          {unit !== undefined && unit !== '' && <small className={classes.unit}>{unit}</small>}
        </span>
        {beside}
      </div>
      {note !== undefined && <div className={classes.note}>{note}</div>}
    </div>
  );
}

/** Figures in a row, divided by lines; two by two when it is narrow. */
export function FigureStrip({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section className={classes.strip} aria-label={label}>
      {children}
    </section>
  );
}
