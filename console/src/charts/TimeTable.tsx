import { formatNumber } from '../lib/format.ts';
import { formatTime } from '../lib/time/format.ts';
import { useTimeContext } from '../ui/format.tsx';
import { useText } from '../ui/language.tsx';
import classes from './TimeSeries.module.css';
import type { TimeSeriesProps } from './TimeSeries.tsx';

/** The same numbers as a table. */
export function TimeTable({ title, unit, data, height = 150, onOpen }: TimeSeriesProps) {
  const text = useText();
  const context = useTimeContext();
  const show = (value: number | null | undefined) =>
    value === null || value === undefined ? '—' : formatNumber(value, unit, context.language);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      role="group"
      className={classes.table}
      style={{ height: Math.max(height, 220) }}
      aria-label={title}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached by keyboard
      tabIndex={0}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{text('charts.time')}</th>
            {data.series.map((one) => (
              <th key={one.name} scope="col">
                {one.label}
              </th>
            ))}
            {data.series.map(
              (one) =>
                one.previous && (
                  <th key={one.name} scope="col">
                    {text('charts.previous_of', { name: one.label })}
                  </th>
                ),
            )}
          </tr>
        </thead>
        <tbody>
          {data.times.map((at, index) => (
            <tr key={at}>
              <th scope="row">
                {onOpen === undefined ? (
                  formatTime(at, context)
                ) : (
                  <button type="button" onClick={() => onOpen({ from: at, to: at + data.stepMs })}>
                    {formatTime(at, context)}
                  </button>
                )}
              </th>
              {data.series.map((one) => (
                <td key={one.name}>{show(one.values[index])}</td>
              ))}
              {data.series.map((one) => one.previous && <td key={one.name}>{show(one.previous[index])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
