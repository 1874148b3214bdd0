import { ActionIcon, Menu } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { Sparkline } from '../../charts/Sparkline.tsx';
import { AppMark } from '../../ui/AppMark.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Dot, Tag } from '../../ui/Tag.tsx';
import classes from './Applications.module.css';
import { applicationsRoute } from './route.tsx';
import type { Row } from './rows.ts';
import { kindOf } from './types.ts';

const TONES = { live: 'ok', quiet: 'warn', waiting: 'off' } as const;

export function ApplicationTable({ rows, all, isAdmin }: { rows: readonly Row[]; all: number; isAdmin: boolean }) {
  const text = useText();
  const format = useFormat();
  const navigate = useNavigate({ from: applicationsRoute.fullPath });
  const { sort = '-rate' } = applicationsRoute.useSearch();
  const stateNames = {
    live: text('applications.live'),
    quiet: text('applications.quiet'),
    waiting: text('applications.waiting'),
  };
  const columns: Column<Row>[] = [
    {
      id: 'name',
      label: text('applications.application'),
      sort: 'name',
      width: '24%',
      cell: (row) => <Name row={row} />,
    },
    {
      id: 'type',
      label: text('applications.type'),
      sort: 'type',
      cell: ({ application }) => {
        const kind = kindOf(application.type);
        return kind === undefined ? (
          application.type
        ) : (
          <span className={classes.with}>
            <Icon name={kind.icon} size={14} />
            {text(kind.title)}
          </span>
        );
      },
    },
    {
      id: 'state',
      label: text('applications.state'),
      sort: 'state',
      cell: ({ activity }) =>
        activity !== undefined && (
          <span className={classes.with}>
            <Dot tone={TONES[activity.state]} />
            {stateNames[activity.state]}
          </span>
        ),
    },
    {
      id: 'last',
      label: text('applications.last_event'),
      sort: 'last',
      align: 'right',
      cell: ({ activity }) => {
        if (activity === undefined) return null;
        return activity.last_event_at === null ? text('common.never') : format.ago(activity.last_event_at);
      },
    },
    {
      id: 'rate',
      label: text('applications.rate'),
      sort: 'rate',
      align: 'right',
      cell: ({ activity }) =>
        activity !== undefined && (
          <span className={classes.strong}>
            {activity.state === 'waiting' ? '—' : format.count(Math.round(activity.events_per_minute))}
          </span>
        ),
    },
    { id: 'course', label: text('applications.day'), width: 96, cell: (row) => <Course row={row} /> },
    { id: 'sdk', label: text('applications.sdk'), width: '18%', cell: (row) => <Sdks row={row} /> },
    {
      id: 'retention',
      label: text('applications.retention'),
      sort: 'retention',
      align: 'right',
      width: 100,
      cell: ({ application }) => text('applications.days_short', { n: application.retention_days }),
    },
    {
      id: 'menu',
      label: '',
      align: 'right',
      width: 56,
      inCard: 'corner',
      cell: (row) => <RowMenu row={row} isAdmin={isAdmin} />,
    },
  ];
  if (rows.length === 0) {
    return <EmptyState text={text('applications.none_match', { n: all })} />;
  }
  return (
    <DataTable
      label={text('shell.applications')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.application.app_id}
      isTall
      hasCards
      sort={{ by: sort.replace(/^-/, ''), isDescending: sort.startsWith('-') }}
      onSort={({ by, isDescending }) =>
        void navigate({ search: (before) => ({ ...before, sort: `${isDescending ? '-' : ''}${by}` }) })
      }
      onOpen={({ application, activity }) =>
        void (activity?.state === 'waiting'
          ? navigate({ to: '/applications/$app/onboarding', params: { app: application.app_id } })
          : navigate({ to: '/', search: { app: application.app_id } }))
      }
    />
  );
}

function Name({ row: { application } }: { row: Row }) {
  return (
    <span className={classes.name}>
      <AppMark id={application.app_id} name={application.name} size={24} />
      <span className={classes.words}>
        <Link to="/" search={{ app: application.app_id }} className={classes.title} title={application.name}>
          {application.name}
        </Link>
        <span className={classes.id}>{application.app_id}</span>
      </span>
    </span>
  );
}

/** The day's course, or a dash where there never was an event. */
function Course({ row: { activity, course } }: { row: Row }) {
  const text = useText();
  if (course === undefined) return null;
  const n = course.reduce((sum, hour) => sum + hour, 0);
  if (n === 0) return activity?.state === 'waiting' ? '—' : text('applications.day_silent');
  const words = text('applications.day_events', { n });
  return (
    <span className={classes.course} title={words}>
      <Sparkline values={course} colour="c1" />
      <span className="ff-hidden">{words}</span>
    </span>
  );
}

function Sdks({ row: { activity } }: { row: Row }) {
  if (activity === undefined) return null;
  const [first, ...rest] = activity.sdks;
  if (first === undefined) return '—';
  const all = activity.sdks.map((sdk) => `${sdk.name} ${sdk.version ?? ''}`).join('\n');
  return (
    <span title={all}>
      {first.name} {first.version} {rest.length > 0 && <Tag>+{rest.length}</Tag>}
    </span>
  );
}

function RowMenu({ row: { application }, isAdmin }: { row: Row; isAdmin: boolean }) {
  const text = useText();
  const params = { app: application.app_id };
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label={text('applications.menu', { name: application.name })}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<Icon name="code" size={14} />}
          renderRoot={(props) => <Link to="/applications/$app/onboarding" params={params} {...props} />}
        >
          {text('applications.connect')}
        </Menu.Item>
        {isAdmin && (
          <Menu.Item
            leftSection={<Icon name="settings" size={14} />}
            renderRoot={(props) => <Link to="/applications/$app/settings" params={params} {...props} />}
          >
            {text('applications.settings')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
