import type { UseQueryResult } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Answer } from '../../api/types.ts';
import { ChartMenu } from '../../charts/ChartMenu.tsx';
import { useChartControls } from '../../charts/controls.ts';
import { Legend } from '../../charts/Legend.tsx';
import type { TimeData } from '../../charts/series.ts';
import { TimeSeries } from '../../charts/TimeSeries.tsx';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { describeStep } from '../../lib/time/buckets.ts';
import { type Period, rangeToSearch } from '../../lib/time/range.ts';
import type { Token } from '../../theme/tokens.ts';
import { Async } from '../../ui/Async.tsx';
import { InfoButton } from '../../ui/InfoButton.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { useScope, useSetScope } from '../../ui/scope.tsx';
import { kept } from './Headline.tsx';

type Courses = Answer<'/api/v1/overview/series'>;

interface CourseProps {
  courses: UseQueryResult<Courses>;
  /** The series shown, as the server names it. */
  name: 'page_views' | 'errors';
  /** Where a click on a bucket leads. */
  table: 'view' | 'error';
  filter: string | undefined;
}

const LOOK: Record<
  CourseProps['name'],
  { title: PlainKey; definition: PlainKey; hint: PlainKey; colour: Token; kind: 'lines' | 'bars' }
> = {
  page_views: {
    title: 'overview.page_views',
    definition: 'overview.page_views_definition',
    hint: 'overview.views_behind',
    colour: 'c1',
    kind: 'lines',
  },
  errors: {
    title: 'overview.errors',
    definition: 'overview.errors_definition',
    hint: 'overview.errors_behind',
    colour: 'danger',
    kind: 'bars',
  },
};

/** One course over time; a drag zooms the whole screen, a click opens the events of one bucket. */
export function Course({ courses, name, table, filter }: CourseProps) {
  const text = useText();
  const language = useLanguage();
  const scope = useScope();
  const setScope = useSetScope();
  const navigate = useNavigate();
  const controls = useChartControls();
  const { title, definition, hint, colour, kind } = LOOK[name];
  const label = text(title);
  const data = useMemo(
    () => (courses.data ? dataOf(courses.data, name, label, colour) : undefined),
    [courses.data, name, label, colour],
  );
  const period = useMemo(() => ({ from: scope.fromMs, to: scope.toMs }), [scope.fromMs, scope.toMs]);
  const hasPrevious = kind === 'lines' && data?.series[0]?.previous != null;

  const onBrush = (brushed: Period) => setScope({ range: { kind: 'absolute', ...brushed } });
  const onOpen = (bucket: Period) =>
    void navigate({
      to: '/explore/$table',
      params: { table },
      search: (search) => ({ ...kept(search), ...rangeToSearch({ kind: 'absolute', ...bucket }), q: filter }),
    });

  return (
    <Panel
      title={label}
      sub={data && text('charts.per', { step: describeStep(data.stepMs, language) })}
      actions={
        <>
          {hasPrevious && (
            <Legend
              items={[
                { label: text('charts.this_period'), colour, look: 'line' },
                { label: text('charts.previous_period'), colour: 'text-off', look: 'dashed' },
              ]}
            />
          )}
          <InfoButton title={label} definition={text(definition)} sql={courses.data?.sql} />
          <ChartMenu title={label} data={data} controls={controls} />
        </>
      }
    >
      <Async of={courses} skeleton={150} cancel={['overview', 'series']}>
        {() =>
          data !== undefined && (
            <TimeSeries
              title={label}
              kind={kind}
              unit="count"
              data={data}
              period={period}
              controls={controls}
              onBrush={onBrush}
              onOpen={onOpen}
              openHint={text(hint)}
            />
          )
        }
      </Async>
    </Panel>
  );
}

function dataOf(courses: Courses, name: string, label: string, colour: Token): TimeData {
  return {
    times: courses.times.map((time) => Date.parse(time)),
    stepMs: courses.bucket_ns / 1e6,
    series: courses.series
      .filter((one) => one.name === name)
      .map((one) => ({ name, label, colour, values: one.values ?? [], previous: one.previous })),
  };
}
