import { Button, TagsInput, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { isProblem, unwrap } from '../../api/problem.ts';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Applications.module.css';
import { appIdOf } from './app-id.ts';
import { useApplicationChange } from './queries.ts';
import { type ApplicationType, KINDS } from './types.ts';

export function NewApplication() {
  const text = useText();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [ownId, setOwnId] = useState<string | null>(null);
  const [type, setType] = useState<ApplicationType>('web');
  const [origins, setOrigins] = useState<string[]>([]);
  const appId = ownId ?? appIdOf(name);
  const create = useApplicationChange(() =>
    unwrap(
      client.POST('/api/v1/applications', {
        body: { name, type, allowed_origins: origins, ...(appId === '' ? {} : { app_id: appId }) },
      }),
    ),
  );
  const isIdTaken = isProblem(create.error) && create.error.status === 409;
  return (
    <Page title={text('shell.new_application')} lead={text('applications.new_lead')} isNarrow>
      <Panel>
        <form
          className={form.form}
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate(undefined, {
              onSuccess: ({ app_id }) =>
                void navigate({ to: '/applications/$app/onboarding', params: { app: app_id } }),
            });
          }}
        >
          <TextInput
            label={text('applications.name')}
            placeholder={text('applications.name_example')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoComplete="off"
            required
            withAsterisk={false}
            autoFocus
          />
          <TextInput
            label={text('applications.app_id')}
            description={text('applications.app_id_rule')}
            value={appId}
            onChange={(event) => setOwnId(event.currentTarget.value)}
            pattern="[A-Za-z0-9_.\-]{1,64}"
            autoComplete="off"
            spellCheck={false}
            error={isIdTaken}
          />
          <fieldset className={classes.fieldset}>
            <div className={classes.kinds}>
              <legend className="ff-hidden">{text('applications.type')}</legend>
              {KINDS.map((kind) => (
                <label key={kind.type} className={classes.kind}>
                  <input type="radio" name="type" checked={type === kind.type} onChange={() => setType(kind.type)} />
                  <Icon name={kind.icon} />
                  <span>
                    {text(kind.title)}
                    {!kind.isReady && <span className={classes.later}>{text('applications.later')}</span>}
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
          {type === 'web' && (
            <TagsInput
              label={text('applications.origins')}
              description={text('applications.origins_rule')}
              placeholder={origins.length === 0 ? 'https://shop.example' : ''}
              value={origins}
              onChange={setOrigins}
              acceptValueOnBlur
            />
          )}
          <FormError error={create.error} />
          <div className={form.actions}>
            <Button type="submit" loading={create.isPending}>
              {text('applications.create')}
            </Button>
          </div>
        </form>
      </Panel>
    </Page>
  );
}
