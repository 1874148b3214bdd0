import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import classes from './Onboarding.module.css';

/** Application, snippet, first visit: where one is. */
export function Steps({ hasVisit }: { hasVisit: boolean }) {
  const text = useText();
  const current = hasVisit ? 3 : 2;
  const names = [text('onboarding.step_application'), text('onboarding.step_snippet'), text('onboarding.step_visit')];
  return (
    <ol className={classes.steps}>
      {names.map((name, index) => {
        const isDone = index + 1 < current || (hasVisit && index + 1 === current);
        return (
          <li
            key={name}
            className={classes.step}
            data-done={isDone || undefined}
            aria-current={!isDone && index + 1 === current ? 'step' : undefined}
          >
            <span className={classes.number}>{isDone ? <Icon name="check" size={14} /> : index + 1}</span>
            {name}
          </li>
        );
      })}
    </ol>
  );
}
