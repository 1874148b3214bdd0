import { SegmentedControl } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Answer } from '../../api/types.ts';
import { Rating } from '../../charts/Rating.tsx';
import { TopList } from '../../charts/TopList.tsx';
import { ABSENT, FEW, formatCount, formatDuration, formatShareRough } from '../../lib/format.ts';
import { ratingOf } from '../../lib/ratings.ts';
import { formatCountry } from '../../lib/regions.ts';
import { addFilter, excludeFilter } from '../../lib/search.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { InfoButton } from '../../ui/InfoButton.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Breakdowns.module.css';
import { kept } from './Headline.tsx';
import { BREAKDOWN_COLUMNS, BREAKDOWNS, type Breakdown, type Slice } from './queries.ts';

const TITLES: Record<Breakdown, PlainKey> = {
  country: 'overview.by_country',
  browser: 'overview.by_browser',
  device: 'overview.by_device',
  release: 'overview.by_release',
  os: 'overview.by_os',
  network: 'overview.by_network',
  referrer: 'overview.by_referrer',
};

interface BreakdownsProps {
  slices: UseQueryResult<Answer<'/api/v1/overview/breakdown'>>;
  by: Breakdown;
  filter: string | undefined;
}

/** Views by one field. A click filters the whole screen. */
export function Breakdowns({ slices, by, filter }: BreakdownsProps) {
  const text = useText();
  const navigate = useNavigate();
  const choose = (next: string) =>
    void navigate({
      to: '.',
      search: (search: object) => ({ ...search, by: BREAKDOWNS.find((one) => one === next && one !== 'country') }),
      replace: true,
    });
  const pick = (items: readonly Slice[], key: string, isExcluded: boolean) => {
    const slice = items.find((item) => keyOf(item) === key);
    if (slice === undefined) return;
    const column = BREAKDOWN_COLUMNS[by];
    if (column === null) {
      void navigate({
        to: '/explore/$table',
        params: { table: 'session' },
        search: (search) => ({ ...kept(search), q: slice.filter }),
      });
      return;
    }
    const q = isExcluded
      ? excludeFilter(filter ?? '', column, slice.value)
      : addFilter(filter ?? '', column, slice.value);
    void navigate({ to: '.', search: (search: object) => ({ ...search, q }) });
  };
  return (
    <Panel
      title={text('overview.breakdown')}
      actions={
        <InfoButton
          title={text(TITLES[by])}
          definition={text('overview.breakdown_definition')}
          sql={slices.data?.sql}
          relativeError={slices.data?.relative_error}
        />
      }
      foot={text('overview.breakdown_hint')}
      isFlush
    >
      <div className={classes.tabs}>
        <SegmentedControl
          aria-label={text('overview.by')}
          classNames={{ root: classes.root ?? '' }}
          withItemsBorders={false}
          value={by}
          onChange={choose}
          data={BREAKDOWNS.map((value) => ({ value, label: text(TITLES[value]) }))}
        />
      </div>
      <Async
        of={slices}
        skeleton={240}
        cancel={['overview', 'breakdown']}
        isEmpty={(answer) => answer.items.length === 0}
        empty={<EmptyState icon="filter" text={text('overview.no_values')} />}
      >
        {(answer) => (
          <List
            items={answer.items}
            by={by}
            label={text(TITLES[by])}
            onPick={(key, isExcluded) => pick(answer.items, key, isExcluded)}
          />
        )}
      </Async>
    </Panel>
  );
}

function keyOf(slice: Slice): string {
  return slice.value ?? '';
}

function List({
  items,
  by,
  label,
  onPick,
}: {
  items: readonly Slice[];
  by: Breakdown;
  label: string;
  onPick: (key: string, isExcluded: boolean) => void;
}) {
  const text = useText();
  const language = useLanguage();
  const shown = items.map((slice) => {
    const label = by === 'country' ? formatCountry(slice.value, slice.label, language) : slice.label;
    const name = label ?? text('overview.unknown');
    const views = formatCount(slice.views);
    return {
      key: keyOf(slice),
      label: name,
      amount: slice.views,
      value: views,
      name: text('overview.breakdown_item', {
        label: name,
        views,
        share: formatShareRough(slice.share ?? 0, language),
      }),
      second: <Lcp value={slice.lcp_p75} views={slice.views} />,
    };
  });
  return <TopList items={shown} label={label} onPick={onPick} />;
}

function Lcp({ value, views }: { value: number | null; views: number }) {
  const language = useLanguage();
  if (value === null) return ABSENT;
  const number = formatDuration(value, language);
  const rating = views < FEW ? null : ratingOf('largest_contentful_paint', value);
  // Only what is not good asks for attention in a list.
  if (rating === null || rating === 'good') return number;
  return <Rating rating={rating} value={number} />;
}
