import type { PlainKey } from '../../lib/text/catalogue.ts';
import { Figure, FigureStrip } from '../../ui/Figure.tsx';
import { useFormat } from '../../ui/format.tsx';
import { InfoButton } from '../../ui/InfoButton.tsx';
import { useText } from '../../ui/language.tsx';
import classes from './Intake.module.css';
import type { Health } from './queries.ts';

/** Received → decoded → stored → can be queried, each as a share of what was received. */
export function Flow({ health: { totals, lag } }: { health: Health }) {
  const text = useText();
  const format = useFormat();
  const stage = (label: PlainKey, about: PlainKey, value: number, note: string) => (
    <Figure
      label={text(label)}
      value={format.count(value)}
      info={<InfoButton title={text(label)} definition={text(about)} />}
      note={
        <>
          <Bar share={totals.received === 0 ? 0 : value / totals.received} />
          {note}
        </>
      }
    />
  );
  return (
    <FigureStrip label={text('intake.flow')}>
      {stage(
        'intake.received',
        'intake.about_received',
        totals.received,
        text('intake.refused_note', { n: totals.refused }),
      )}
      {stage(
        'intake.decoded',
        'intake.about_decoded',
        totals.decoded,
        text('intake.rejected_note', { n: totals.rejected }),
      )}
      {stage('intake.stored', 'intake.about_stored', totals.stored, text('intake.merged_note'))}
      {stage('intake.duplicates', 'intake.about_duplicates', totals.duplicates, text('intake.duplicates_note'))}
      <Figure
        label={text('intake.queryable')}
        value={format.duration(lag.seconds * 1e9)}
        info={<InfoButton title={text('intake.queryable')} definition={text('intake.about_queryable')} />}
        note={
          <>
            <Bar share={Math.min(1, lag.seconds)} />
            {text('intake.lag_note', { size: format.size(lag.bytes) })}
          </>
        }
      />
    </FigureStrip>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <span className={classes.bar} style={{ '--share': `${Math.min(100, share * 100)}%` }}>
      <span className={classes.fill} />
    </span>
  );
}
