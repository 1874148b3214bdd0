import { useQuery } from '@tanstack/react-query';
import { Async } from '../../ui/Async.tsx';
import { Figure, FigureStrip } from '../../ui/Figure.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { Facts } from './Facts.tsx';
import { type ServerStatus, statusQuery } from './queries.ts';
import classes from './Status.module.css';
import { Tables } from './Tables.tsx';

/** For whoever runs the server: its log, its store, its queries. */
export function Status() {
  const text = useText();
  const format = useFormat();
  const status = useQuery(statusQuery);
  const { data } = status;
  return (
    <Page
      title={text('shell.status')}
      lead={
        data !== undefined &&
        text('status.lead', {
          version: data.version,
          started: format.ago(data.started_at),
          time: format.time(data.started_at),
        })
      }
    >
      <Async of={status} skeleton={420}>
        {(loaded) => <Parts status={loaded} />}
      </Async>
    </Page>
  );
}

function Parts({ status }: { status: ServerStatus }) {
  const text = useText();
  const format = useFormat();
  const { log, store, queries } = status;
  return (
    <div className={classes.parts}>
      {!status.is_ready && <Note tone="warn">{text('status.not_ready')}</Note>}
      {log.corrupt_records > 0 && <Note tone="danger">{text('status.corrupt', { n: log.corrupt_records })}</Note>}
      {store.flush_failures > 0 && (
        <Note tone="danger">{text('status.flush_failures', { n: store.flush_failures })}</Note>
      )}
      {store.damaged_reads > 0 && <Note tone="danger">{text('status.damaged', { n: store.damaged_reads })}</Note>}
      <FigureStrip label={text('shell.status')}>
        <Figure label={text('status.rows')} value={format.count(store.stored_rows + store.hot_rows)} />
        <Figure
          label={text('status.segments')}
          value={format.count(store.segments)}
          note={format.size(store.segment_bytes)}
        />
        <Figure
          label={text('status.lag')}
          value={format.duration(log.lag_seconds * 1e9)}
          note={format.size(log.lag_bytes)}
        />
        <Figure
          label={text('status.queries_running')}
          value={format.count(queries.running)}
          note={text('status.queries_waiting', { n: queries.waiting })}
        />
        <Figure
          label={text('status.disk_free')}
          value={status.data_dir_free_bytes === null ? '—' : format.size(status.data_dir_free_bytes)}
          note={
            status.disk_reserve_bytes !== null &&
            text('status.disk_reserve', { size: format.size(status.disk_reserve_bytes) })
          }
        />
      </FigureStrip>
      <div className={classes.split}>
        <Panel title={text('status.log')} sub={text('status.log_sub')}>
          <Facts
            facts={[
              ['status.size', format.size(log.size_bytes)],
              ['status.unflushed', format.size(log.unflushed_bytes)],
              ['status.records', format.count(log.records)],
              ['status.fsyncs', format.count(log.fsyncs)],
              ['status.commits', format.count(log.commits)],
              ['status.refused_full', format.count(log.refused_full)],
              ['status.refused_disk', format.count(log.refused_disk_full)],
            ]}
          />
        </Panel>
        <Panel title={text('status.store')} sub={text('status.store_sub')}>
          <Facts
            facts={[
              ['status.hot_rows', format.count(store.hot_rows)],
              ['status.hot_bytes', format.size(store.hot_bytes)],
              ['status.open_views', format.count(store.open_views)],
              ['status.open_sessions', format.count(store.open_sessions)],
              ['status.dead_rows', format.count(store.dead_rows)],
              ['status.keys_memory', format.size(store.keys_memory_bytes)],
              ['status.flushes', format.count(store.flushes)],
              ['status.compactions', format.count(store.compactions)],
            ]}
          />
        </Panel>
      </div>
      <Tables tables={status.tables} />
    </div>
  );
}
