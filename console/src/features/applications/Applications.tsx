import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { activityQuery, applicationsQuery } from '../../api/applications.ts';
import { mayAct, sessionQuery } from '../../api/session.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Keys } from '../../ui/Keys.tsx';
import { useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { useShortcut } from '../../ui/shortcuts.tsx';
import classes from './Applications.module.css';
import { ApplicationTable } from './ApplicationTable.tsx';
import { coursesQuery } from './courses.ts';
import { Notes } from './Notes.tsx';
import { applicationsRoute, STATES } from './route.tsx';
import { filterRows, rowsOf } from './rows.ts';

export function Applications() {
  const text = useText();
  const navigate = useNavigate({ from: applicationsRoute.fullPath });
  const search = applicationsRoute.useSearch();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  const applications = useQuery(applicationsQuery);
  const activity = useQuery(activityQuery);
  const courses = useQuery(coursesQuery);
  const create = () => void navigate({ to: '/applications/new' });
  useShortcut('new', create, isAdmin);

  const rows = rowsOf(applications.data ?? [], activity.data, courses.data);
  const perMinute = Math.round(rows.reduce((sum, row) => sum + (row.activity?.events_per_minute ?? 0), 0));
  const countOf = (state: string) => rows.filter((row) => row.activity?.state === state).length;
  const names = {
    live: text('applications.live_n', { n: countOf('live') }),
    quiet: text('applications.quiet_n', { n: countOf('quiet') }),
    waiting: text('applications.waiting_n', { n: countOf('waiting') }),
  };
  return (
    <Page
      title={text('shell.applications')}
      lead={
        applications.data === undefined
          ? undefined
          : `${text('applications.count', { n: rows.length })} · ${text('shell.events_per_minute', { n: perMinute })}`
      }
      actions={
        isAdmin && (
          <Button leftSection={<Icon name="plus" size={14} />} rightSection={<Keys of="new" />} onClick={create}>
            {text('shell.new_application')}
          </Button>
        )
      }
    >
      <div className={classes.tools}>
        <TextInput
          className={classes.search ?? ''}
          aria-label={text('applications.search')}
          placeholder={text('applications.search')}
          leftSection={<Icon name="search" />}
          value={search.s ?? ''}
          onChange={(event) => {
            const s = event.currentTarget.value || undefined;
            void navigate({ search: (before) => ({ ...before, s }), replace: true });
          }}
        />
        <SegmentedControl
          aria-label={text('applications.state')}
          value={search.state ?? 'all'}
          onChange={(value) => {
            const state = STATES.find((one) => one === value);
            void navigate({ search: (before) => ({ ...before, state }) });
          }}
          data={[
            { value: 'all', label: text('applications.all_n', { n: rows.length }) },
            ...STATES.map((state) => ({ value: state, label: names[state] })),
          ]}
        />
      </div>
      <Panel isFlush>
        <Async
          of={applications}
          skeleton={260}
          isEmpty={(all) => all.length === 0}
          empty={
            <EmptyState
              icon="applications"
              text={text('applications.none')}
              action={isAdmin && <Link to="/applications/new">{text('applications.create_first')}</Link>}
            />
          }
        >
          {() => <ApplicationTable rows={filterRows(rows, search)} all={rows.length} isAdmin={isAdmin} />}
        </Async>
      </Panel>
      <Notes rows={rows} />
    </Page>
  );
}
