import type { Token } from '../theme/tokens.ts';
import classes from './Sparkline.module.css';

interface SparklineProps {
  values: readonly (number | null)[];
  colour: Token;
}

const WIDTH = 72;
const HEIGHT = 20;

/** A course without axis, beside its figure. The figure says the number, so this one is decoration. */
export function Sparkline({ values, colour }: SparklineProps) {
  const highest = Math.max(...values.map((value) => value ?? 0));
  if (values.length < 2 || highest <= 0) return null;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = HEIGHT - 1 - ((value ?? 0) / highest) * (HEIGHT - 2);
    return `${x.toPrecision(4)} ${y.toPrecision(4)}`;
  });
  const line = `M${points.join('L')}`;
  return (
    <svg
      className={classes.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
      style={{ color: `var(--ff-${colour})` }}
    >
      <path d={`${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} fill="currentColor" opacity=".12" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  );
}
