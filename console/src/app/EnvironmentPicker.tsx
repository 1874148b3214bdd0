import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../api/applications.ts';
import { formatCount } from '../lib/format.ts';
import { useText } from '../ui/language.tsx';
import { Picker } from '../ui/Picker.tsx';
import { useScope, useSetScope } from '../ui/scope.tsx';
import classes from './pickers.module.css';

const ALL = '';

export function EnvironmentPicker() {
  const text = useText();
  const { app, env, from, to } = useScope();
  const setScope = useSetScope();
  const { data: environments = [] } = useQuery({
    ...environmentsQuery(app, from, to),
    placeholderData: keepPreviousData,
  });
  const name = env ?? text('shell.all_environments');
  const known = environments.map((one) => ({ value: one.env, label: one.env, note: formatCount(one.views) }));
  const isMissing = env !== undefined && !known.some((choice) => choice.value === env);
  const choices = [
    { value: ALL, label: text('shell.all_environments') },
    ...(isMissing ? [{ value: env, label: env }] : []),
    ...known,
  ];
  return (
    <Picker
      label={text('shell.environment')}
      choices={choices}
      value={env ?? ALL}
      onChange={(chosen) => setScope({ env: chosen === ALL ? undefined : chosen })}
      empty={text('shell.no_environments')}
    >
      <span className={classes.kind}>{text('shell.env')}</span>
      <span className={classes.text}>{name}</span>
    </Picker>
  );
}
