import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Intake.module.css';
import type { Health } from './queries.ts';

export function DiskPanel({ disk }: { disk: Health['disk'] }) {
  const text = useText();
  const format = useFormat();
  const size = (bytes: number | null) => (bytes === null ? '—' : format.size(bytes));
  return (
    <Panel
      title={text('intake.disk')}
      sub={disk.free_bytes === null ? undefined : text('intake.disk_free', { size: format.size(disk.free_bytes) })}
    >
      <dl className={classes.facts}>
        <dt>{text('intake.disk_used')}</dt>
        <dd>{size(disk.used_bytes)}</dd>
        <dt>{text('intake.disk_per_day')}</dt>
        <dd>{size(disk.bytes_per_day)}</dd>
        <dt>{text('intake.disk_reserve')}</dt>
        <dd>{size(disk.reserve_bytes)}</dd>
        <dt>{text('intake.disk_left')}</dt>
        <dd>
          {disk.days_left === null ? text('intake.disk_never') : text('intake.days', { n: Math.floor(disk.days_left) })}
        </dd>
      </dl>
    </Panel>
  );
}
