import { SENTENCE_GAP } from '../../lib/text/message.ts';
import { useFormat } from '../../ui/format.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import classes from './Intake.module.css';
import type { Health } from './queries.ts';

/** A disk that is full within this many days is worth a word on top. */
const SOON_DAYS = 14;

export function Warnings({ health: { one_address: address, disk } }: { health: Health }) {
  const text = useText();
  const language = useLanguage();
  const format = useFormat();
  const isSoon = disk.days_left !== null && disk.days_left < SOON_DAYS;
  if (address === null && !isSoon) return null;
  return (
    <div className={classes.warnings}>
      {address !== null && (
        <Note tone="warn">
          <b>
            {address.address === null
              ? text('intake.one_address_hidden', { share: format.share(address.share) })
              : text('intake.one_address', { share: format.share(address.share), address: address.address })}
          </b>
          {SENTENCE_GAP[language]}
          {text('intake.one_address_help')}
        </Note>
      )}
      {isSoon && (
        <Note tone="warn" icon="disk">
          <b>{text('intake.disk_soon', { n: Math.floor(disk.days_left ?? 0) })}</b>
          {SENTENCE_GAP[language]}
          {text('intake.disk_help')}
        </Note>
      )}
    </div>
  );
}
