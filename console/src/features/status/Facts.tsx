import { Fragment } from 'react';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { useText } from '../../ui/language.tsx';
import classes from './Status.module.css';

/** Names and values, the values already formatted. */
export function Facts({ facts }: { facts: readonly (readonly [PlainKey, string])[] }) {
  const text = useText();
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{text(name)}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
