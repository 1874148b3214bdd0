import { CopyButton } from './CopyButton.tsx';
import classes from './CopyField.module.css';

/** A value a person takes somewhere else: shown whole, selected by a click, copied by the button. */
export function CopyField({ label, value }: { label: string; value: string }) {
  return (
    <div className={classes.field}>
      <output className={classes.value} aria-label={label}>
        {value}
      </output>
      <CopyButton value={value} />
    </div>
  );
}
