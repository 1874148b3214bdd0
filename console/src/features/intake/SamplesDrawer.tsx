import { useQuery } from '@tanstack/react-query';
import { Async } from '../../ui/Async.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Drawer } from '../../ui/Drawer.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useText } from '../../ui/language.tsx';
import classes from './Intake.module.css';
import { samplesQuery } from './queries.ts';

const SHOWN = 20;

/** What was sent, scrubbed, for one reason. */
export function SamplesDrawer({ reason, onClose }: { reason: string; onClose: () => void }) {
  const text = useText();
  const format = useFormat();
  const samples = useQuery(samplesQuery(reason));
  return (
    <Drawer title={reason} kind={text('intake.samples')} onClose={onClose}>
      <div className={classes.samples}>
        <Async
          of={samples}
          skeleton={240}
          isEmpty={(rows) => rows.length === 0}
          empty={<EmptyState icon="clock" text={text('intake.no_samples')} />}
        >
          {(rows) => (
            <div className={classes.parts}>
              {rows.slice(0, SHOWN).map((sample) => (
                <article key={`${sample.received_at} ${sample.place} ${sample.sample}`} className={classes.sample}>
                  <header>
                    <span>{format.time(sample.received_at, 'seconds')}</span>
                    <span>{sample.sdk_family}</span>
                    <span>{sample.app_id ?? '—'}</span>
                    <CopyButton value={sample.sample} isIcon />
                  </header>
                  <p>{sample.detail}</p>
                  {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls must be reachable by keyboard */}
                  <pre className={classes.body} tabIndex={0}>
                    {sample.sample}
                  </pre>
                </article>
              ))}
            </div>
          )}
        </Async>
      </div>
    </Drawer>
  );
}
