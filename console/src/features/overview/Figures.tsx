import type { Answer } from '../../api/types.ts';
import { Rating } from '../../charts/Rating.tsx';
import { ShareBar } from '../../charts/ShareBar.tsx';
import { Sparkline } from '../../charts/Sparkline.tsx';
import { FEW, formatCount } from '../../lib/format.ts';
import { ratingOf } from '../../lib/ratings.ts';
import { useText } from '../../ui/language.tsx';
import classes from './Figures.module.css';
import { Headline, type HeadlineTexts } from './Headline.tsx';
import type { Figure } from './queries.ts';

type Figures = Answer<'/api/v1/overview/figures'>;
type Courses = Answer<'/api/v1/overview/series'>;

interface TrafficFigure extends HeadlineTexts {
  readonly name: string;
  /** The series that shows its course. */
  readonly course?: string;
}

const TRAFFIC: readonly TrafficFigure[] = [
  {
    name: 'page_views',
    label: 'overview.page_views',
    definition: 'overview.page_views_definition',
    course: 'page_views',
  },
  { name: 'visitors', label: 'overview.visitors', definition: 'overview.visitors_definition' },
  { name: 'sessions', label: 'overview.sessions', definition: 'overview.sessions_definition', course: 'sessions' },
  {
    name: 'error_free_sessions',
    label: 'overview.error_free_sessions',
    definition: 'overview.error_free_sessions_definition',
  },
];

export const VITALS = [
  {
    name: 'lcp_p75',
    short: 'LCP',
    column: 'largest_contentful_paint',
    label: 'overview.lcp',
    definition: 'overview.lcp_definition',
  },
  {
    name: 'inp_p75',
    short: 'INP',
    column: 'interaction_to_next_paint',
    label: 'overview.inp',
    definition: 'overview.inp_definition',
  },
  {
    name: 'cls_p75',
    short: 'CLS',
    column: 'cumulative_layout_shift',
    label: 'overview.cls',
    definition: 'overview.cls_definition',
  },
] as const;

export function figureOf(figures: readonly Figure[], name: string): Figure | undefined {
  return figures.find((figure) => figure.name === name);
}

export function TrafficFigures({ figures, courses }: { figures: Figures; courses: Courses | undefined }) {
  const text = useText();
  return (
    <section className={classes.strip} aria-label={text('overview.traffic')}>
      {TRAFFIC.map((entry) => {
        const figure = figureOf(figures.figures, entry.name);
        if (figure === undefined) return null;
        const course = courses?.series.find((one) => one.name === entry.course);
        return (
          <Headline
            key={entry.name}
            figure={figure}
            texts={entry}
            snapshot={figures.snapshot}
            beside={course?.values && <Sparkline values={course.values} colour="c1" />}
          />
        );
      })}
    </section>
  );
}

export function VitalFigures({ figures }: { figures: Figures }) {
  const text = useText();
  return (
    <section className={classes.strip} data-single aria-label={text('overview.vitals')}>
      {VITALS.map((entry) => {
        const figure = figureOf(figures.figures, entry.name);
        if (figure === undefined) return null;
        const isFew = figure.n < FEW;
        const rating = isFew ? null : ratingOf(entry.column, figure.value);
        return (
          <Headline
            key={entry.name}
            figure={figure}
            texts={entry}
            short={entry.short}
            snapshot={figures.snapshot}
            rating={rating === null ? undefined : <Rating rating={rating} />}
            beside={
              isFew ? undefined : <span className={classes.n}>{text('overview.n', { n: formatCount(figure.n) })}</span>
            }
          >
            {isFew ? (
              <p className={classes.few}>{text('overview.few', { n: figure.n })}</p>
            ) : (
              figure.shares !== null && <ShareBar shares={figure.shares} />
            )}
          </Headline>
        );
      })}
    </section>
  );
}
