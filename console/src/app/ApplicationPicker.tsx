import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { applicationsQuery } from '../api/applications.ts';
import { mayAct, sessionQuery } from '../api/session.ts';
import { AppMark } from '../ui/AppMark.tsx';
import { Icon } from '../ui/Icon.tsx';
import { useText } from '../ui/language.tsx';
import { Picker } from '../ui/Picker.tsx';
import { useScope, useSetScope } from '../ui/scope.tsx';
import classes from './pickers.module.css';

const ALL = '';

export function ApplicationPicker() {
  const text = useText();
  const navigate = useNavigate();
  const { app } = useScope();
  const setScope = useSetScope();
  const { data: applications = [] } = useQuery(applicationsQuery);
  const { data: session } = useQuery(sessionQuery);
  // On the screens of one application its id stands in the path.
  const { app: appOfPath } = useParams({ strict: false });
  const current = appOfPath ?? app ?? ALL;
  const name =
    applications.find((one) => one.app_id === current)?.name ??
    (current === ALL ? text('shell.all_applications') : current);
  const choices = [
    { value: ALL, label: text('shell.all_applications'), icon: <Icon name="applications" size={20} /> },
    ...applications.map((one) => ({
      value: one.app_id,
      label: one.name,
      note: one.app_id,
      icon: <AppMark id={one.app_id} name={one.name} />,
    })),
  ];
  const choose = (chosen: string) => {
    if (appOfPath === undefined) setScope({ app: chosen === ALL ? undefined : chosen });
    else if (chosen === ALL) void navigate({ to: '/applications' });
    else void navigate({ to: '.', params: { app: chosen } });
  };
  return (
    <Picker
      label={text('shell.application')}
      choices={choices}
      value={current}
      onChange={choose}
      search={text('shell.find_application')}
      foot={
        mayAct(session?.member?.role, 'admin') && (
          <Button
            variant="subtle"
            fullWidth
            justify="start"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => void navigate({ to: '/applications/new' })}
          >
            {text('shell.new_application')}
          </Button>
        )
      }
    >
      <span className="ff-hidden">{text('shell.application')}</span>
      {current === ALL ? <Icon name="applications" /> : <AppMark id={current} name={name} />}
      <span className={classes.name}>{name}</span>
    </Picker>
  );
}
