import { ABSENT, formatValue } from '../../lib/format.ts';
import { cutMiddle, shortId } from '../../lib/ids.ts';
import { formatAgo, formatUtc } from '../../lib/time/format.ts';
import { useTimeContext } from '../format.tsx';
import classes from './FieldValue.module.css';

interface FieldValueProps {
  name: string;
  value: unknown;
  column: { readonly type?: string | undefined; readonly unit?: string | null | undefined };
  /** Paths and URLs: machine text, cut in the middle. */
  isCode?: boolean;
}

/** A value on one line, by its column: times with UTC on hover, ids and paths shortened but whole in the title. */
export function FieldValue({ name, value, column, isCode = false }: FieldValueProps) {
  const context = useTimeContext();
  const shown = formatValue(value, column, context);
  if (shown === ABSENT) return <span className={classes.absent}>{ABSENT}</span>;
  if (column.type === 'timestamp' && typeof value === 'string') {
    const at = Date.parse(value);
    return (
      <time dateTime={value} title={`${formatUtc(at)} · ${formatAgo(at, Date.now(), context.language)}`}>
        {shown}
      </time>
    );
  }
  if (typeof value !== 'string') {
    return <span title={column.unit === 'B' ? `${String(value)} B` : undefined}>{shown}</span>;
  }
  if (/(^|_)id$/.test(name) && name !== 'app_id') {
    return (
      <span className={classes.code} title={value}>
        {shortId(shown)}
      </span>
    );
  }
  if (!isCode) return <span title={value}>{shown}</span>;
  const [head, tail] = cutMiddle(shown);
  return (
    <span className={classes.cut} title={value}>
      <span>{head}</span>
      <span>{tail}</span>
    </span>
  );
}
