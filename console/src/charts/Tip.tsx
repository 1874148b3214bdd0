import { formatNumber, type Unit } from '../lib/format.ts';
import { formatRange } from '../lib/time/format.ts';
import type { Period } from '../lib/time/range.ts';
import { useTimeContext } from '../ui/format.tsx';
import { useText } from '../ui/language.tsx';
import type { TimeData } from './series.ts';
import classes from './TimeSeries.module.css';

interface TipProps {
  id: string;
  data: TimeData;
  index: number;
  period: Period;
  unit: Unit;
  x: number;
  isRight: boolean;
  hint: string | undefined;
  canBrush: boolean;
}

/** What one bucket holds: its time, the values from high to low, and what a click does. */
export function Tip({ id, data, index, period, unit, x, isRight, hint, canBrush }: TipProps) {
  const text = useText();
  const context = useTimeContext();
  const at = data.times[index] ?? period.from;
  const end = at + data.stepMs;
  const rows = data.series
    .map((one) => ({ ...one, value: one.values[index] ?? null, before: one.previous?.[index] ?? null }))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const show = (value: number | null) => (value === null ? '—' : formatNumber(value, unit, context.language));
  return (
    <div
      id={id}
      role="status"
      className={classes.tip}
      style={isRight ? { right: `calc(100% - ${x - 12}px)` } : { left: x + 12 }}
    >
      <b>{formatRange(Math.max(at, period.from), Math.min(end, period.to), context)}</b>
      <dl>
        {rows.map((row) => (
          <div key={row.name}>
            <dt>
              <i style={{ background: `var(--ff-${row.colour})` }} />
              {row.label}
            </dt>
            <dd>{show(row.value)}</dd>
            {row.previous && (
              <>
                <dt className={classes.before}>{text('charts.previous_period')}</dt>
                <dd className={classes.before}>{show(row.before)}</dd>
              </>
            )}
          </div>
        ))}
      </dl>
      {end > period.to && <p>{text('charts.incomplete')}</p>}
      {hint !== undefined && <p>{hint}</p>}
      {canBrush && <p>{text('charts.hint_brush')}</p>}
    </div>
  );
}
