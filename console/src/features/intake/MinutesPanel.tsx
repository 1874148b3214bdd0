import { useMemo } from 'react';
import { ChartMenu } from '../../charts/ChartMenu.tsx';
import { useChartControls } from '../../charts/controls.ts';
import { Legend } from '../../charts/Legend.tsx';
import type { TimeData } from '../../charts/series.ts';
import { TimeSeries } from '../../charts/TimeSeries.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import type { Health } from './queries.ts';

const MINUTE_MS = 60_000;

/** The last hour, minute by minute. */
export function MinutesPanel({ health: { minutes } }: { health: Health }) {
  const text = useText();
  const controls = useChartControls();
  const stored = text('intake.stored');
  const aside = text('intake.set_aside');
  const data = useMemo<TimeData>(
    () => ({
      times: minutes.map((minute) => Date.parse(minute.at)),
      stepMs: MINUTE_MS,
      series: [
        { name: 'stored', label: stored, colour: 'c1', values: minutes.map((minute) => minute.stored) },
        { name: 'rejected', label: aside, colour: 'danger', values: minutes.map((minute) => minute.rejected) },
      ],
    }),
    [minutes, stored, aside],
  );
  const first = data.times[0] ?? 0;
  const period = useMemo(
    () => ({ from: first, to: first + data.times.length * MINUTE_MS }),
    [first, data.times.length],
  );
  const title = text('intake.per_minute');
  return (
    <Panel
      title={title}
      sub={text('intake.last_hour')}
      actions={
        <>
          <Legend
            items={[
              { label: stored, colour: 'c1', look: 'box' },
              { label: aside, colour: 'danger', look: 'box' },
            ]}
          />
          <ChartMenu title={title} data={data} controls={controls} />
        </>
      }
    >
      <TimeSeries title={title} kind="stacked" unit="count" data={data} period={period} controls={controls} />
    </Panel>
  );
}
