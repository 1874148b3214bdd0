import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Rating } from '../../charts/Rating.tsx';
import { ratingOf } from '../../lib/ratings.ts';
import { useFormat } from '../../ui/format.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { Dot, Tag } from '../../ui/Tag.tsx';
import classes from './Onboarding.module.css';
import type { View } from './queries.ts';

const OTHERS_MAX = 4;

interface Props {
  app: string;
  view: View;
  views: readonly View[];
  onPick: (id: string) => void;
}

/** It arrived: the page, its vitals, its errors, and the way to the rest. */
export function Visit({ app, view, views, onPick }: Props) {
  const text = useText();
  const format = useFormat();
  const others = views.filter((one) => one.view_id !== view.view_id).slice(0, OTHERS_MAX);
  const device = [view.browser, view.os, view.country_code].filter((part) => part !== null).join(', ');
  return (
    <Panel
      isFlush
      title={
        <span className={classes.listening}>
          <Dot tone="ok" />
          <span className={classes.path}>{view.url_path ?? view.view_name ?? '—'}</span>
        </span>
      }
      sub={format.clock(view.time, 'seconds')}
      actions={
        <Tag tone={view.is_yours ? 'ok' : 'plain'}>
          <Icon name="display" size={14} />
          {view.is_yours ? text('onboarding.you', { device }) : device}
        </Tag>
      }
    >
      <Vitals view={view} />
      <div className={classes.seen}>
        <Dot tone={view.error_count > 0 ? 'danger' : 'ok'} />
        <span>{text('onboarding.errors', { n: view.error_count })}</span>
        <span>
          {view.loading_time !== null && text('onboarding.loaded_in', { time: format.duration(view.loading_time) })}
        </span>
      </div>
      {others.map((other) => (
        <div key={other.view_id} className={classes.seen}>
          <Dot tone="off" />
          <span className={classes.words}>
            {other.url_path ?? other.view_name ?? '—'} {other.is_yours && <Tag tone="ok">{text('settings.you')}</Tag>}
          </span>
          <Button variant="subtle" size="compact-xs" onClick={() => onPick(other.view_id)}>
            {text('onboarding.show_this', { time: format.clock(other.time, 'seconds') })}
          </Button>
        </div>
      ))}
      <div className={classes.foot}>
        {view.session_id !== null && (
          <Button
            leftSection={<Icon name="session" size={14} />}
            renderRoot={(props) => (
              <Link to="/sessions/$id" params={{ id: view.session_id ?? '' }} search={{ app }} {...props} />
            )}
          >
            {text('onboarding.open_session')}
          </Button>
        )}
        <Button variant="default" renderRoot={(props) => <Link to="/" search={{ app }} {...props} />}>
          {text('shell.to_overview')}
        </Button>
      </div>
    </Panel>
  );
}

function Vitals({ view }: { view: View }) {
  const text = useText();
  const format = useFormat();
  const vitals = [
    {
      name: 'LCP',
      column: 'largest_contentful_paint',
      value: view.lcp,
      shown: view.lcp === null ? '—' : format.duration(view.lcp),
    },
    {
      name: 'INP',
      column: 'interaction_to_next_paint',
      value: view.inp,
      shown: view.inp === null ? '—' : format.duration(view.inp),
    },
    {
      name: 'CLS',
      column: 'cumulative_layout_shift',
      value: view.cls,
      shown: view.cls === null ? '—' : format.number(view.cls, 'score'),
    },
  ];
  return (
    <dl className={classes.vitals}>
      {vitals.map(({ name, column, value, shown }) => {
        const rating = value === null ? null : ratingOf(column, value);
        return (
          <div key={name} className={classes.vital}>
            <dt>{name}</dt>
            <dd title={value === null ? text('onboarding.not_yet') : undefined}>
              {rating === null ? shown : <Rating rating={rating} value={shown} />}
            </dd>
          </div>
        );
      })}
      <div className={classes.vital}>
        <dt>{text('onboarding.loading')}</dt>
        <dd>{view.loading_time === null ? '—' : format.duration(view.loading_time)}</dd>
      </div>
    </dl>
  );
}
