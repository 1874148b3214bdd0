import { Rating } from '../../charts/Rating.tsx';
import { formatNumber } from '../../lib/format.ts';
import { ratingOf } from '../../lib/ratings.ts';
import { FieldValue } from '../../ui/fields/FieldValue.tsx';
import { useLanguage } from '../../ui/language.tsx';
import classes from './Cell.module.css';

interface CellProps {
  name: string;
  value: unknown;
  column: { readonly type: string; readonly unit: string | null };
  isCode: boolean;
}

/** A cell of a list: rated vitals with their glyph, failures in the colour of errors, the rest by its column. */
export function Cell({ name, value, column, isCode }: CellProps) {
  const language = useLanguage();
  if (typeof value === 'number') {
    const rating = ratingOf(name, value);
    if (rating !== null) {
      const unit =
        name.startsWith('cumulative') || name.startsWith('session_cls') ? 'score' : (column.unit ?? undefined);
      return <Rating rating={rating} value={formatNumber(value, unit, language)} />;
    }
    if (isFailure(name, value)) return <span className={classes.failure}>{value}</span>;
    // A status is a name made of digits: no grouping.
    if (name.endsWith('_status')) return value;
  }
  return <FieldValue name={name} value={value} column={column} isCode={isCode} />;
}

function isFailure(name: string, value: number): boolean {
  if (name.endsWith('_error_count') || name.endsWith('_crash_count')) return value > 0;
  return name.endsWith('_status') && (value === 0 || value >= 400);
}
