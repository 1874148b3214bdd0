import type { Token } from '../theme/tokens.ts';
import classes from './Legend.module.css';

interface LegendProps {
  items: readonly { readonly label: string; readonly colour: Token; readonly look: 'line' | 'dashed' | 'box' }[];
}

/** Which colour is what. Only charts of two or more series have one. */
export function Legend({ items }: LegendProps) {
  return (
    <ul className={classes.legend}>
      {items.map((item) => (
        <li key={item.label}>
          <i data-look={item.look} style={{ color: `var(--ff-${item.colour})` }} />
          {item.label}
        </li>
      ))}
    </ul>
  );
}
