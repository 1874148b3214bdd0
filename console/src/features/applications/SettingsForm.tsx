import { Button, Fieldset, NumberInput, Radio, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Application } from '../../api/applications.ts';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { FormError } from '../../ui/FormError.tsx';
import form from '../../ui/form.module.css';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { useApplicationChange } from './queries.ts';
import { KINDS } from './types.ts';

const RETENTIONS = [3, 7, 14, 30, 90];
const RETENTION_MAX = 3650;

/** Everything about an application that can be changed at any time. */
export function SettingsForm({ application, isAdmin }: { application: Application; isAdmin: boolean }) {
  const text = useText();
  const [draft, setDraft] = useState(application);
  const set = (change: Partial<Application>) => setDraft((before) => ({ ...before, ...change }));
  const save = useApplicationChange(() => {
    const { name, type, access, allowed_origins, require_origin, privacy } = draft;
    const { retention_days, replay_retention_days } = draft;
    const of_all = { name, type, access, allowed_origins, require_origin, privacy };
    const body = { ...of_all, retention_days, replay_retention_days };
    const params = { path: { app_id: application.app_id } };
    return unwrap(client.PATCH('/api/v1/applications/{app_id}', { params, body }));
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(undefined, { onSuccess: setDraft });
      }}
    >
      <fieldset disabled={!isAdmin} style={{ border: 0, margin: 0, padding: 0 }}>
        <div className={form.form}>
          <Panel title={text('applications.general')}>
            <div className={form.form}>
              <TextInput
                label={text('applications.name')}
                value={draft.name}
                onChange={(event) => set({ name: event.currentTarget.value })}
                required
                withAsterisk={false}
              />
              <Select
                label={text('applications.type')}
                data={KINDS.map((kind) => ({ value: kind.type, label: text(kind.title) }))}
                value={draft.type}
                allowDeselect={false}
                onChange={(value) => {
                  const kind = KINDS.find((one) => one.type === value);
                  if (kind !== undefined) set({ type: kind.type });
                }}
              />
            </div>
          </Panel>
          <AccessFields draft={draft} set={set} />
          <PrivacyFields draft={draft} set={set} />
          <RetentionFields draft={draft} set={set} />
          <FormError error={save.error} />
          {isAdmin && (
            <div className={form.actions}>
              <Button type="submit" loading={save.isPending}>
                {text('common.save')}
              </Button>
              {save.isSuccess && <span role="status">{text('common.saved')}</span>}
            </div>
          )}
        </div>
      </fieldset>
    </form>
  );
}

interface Fields {
  draft: Application;
  set: (change: Partial<Application>) => void;
}

function AccessFields({ draft, set }: Fields) {
  const text = useText();
  return (
    <Panel title={text('applications.access')}>
      <div className={form.form}>
        <Radio.Group
          label={text('applications.who_may_send')}
          value={draft.access}
          onChange={(value) => set({ access: value === 'open' ? 'open' : 'token' })}
        >
          <div className={form.form}>
            <Radio
              value="token"
              label={text('applications.access_token')}
              description={text('applications.access_token_lead')}
            />
            <Radio
              value="open"
              label={text('applications.access_open')}
              description={text('applications.access_open_lead')}
            />
          </div>
        </Radio.Group>
        <TagsInput
          label={text('applications.origins')}
          description={text('applications.origins_rule')}
          value={draft.allowed_origins}
          onChange={(allowed_origins) => set({ allowed_origins })}
          acceptValueOnBlur
        />
        <Switch
          label={text('applications.require_origin')}
          description={text('applications.require_origin_lead')}
          checked={draft.require_origin}
          onChange={(event) => set({ require_origin: event.currentTarget.checked })}
        />
      </div>
    </Panel>
  );
}

function PrivacyFields({ draft, set }: Fields) {
  const text = useText();
  const { privacy } = draft;
  return (
    <Panel title={text('applications.privacy')}>
      <div className={form.form}>
        <Radio.Group
          label={text('applications.ip')}
          value={privacy.ip}
          onChange={(value) =>
            set({ privacy: { ...privacy, ip: value === 'drop' || value === 'truncate' ? value : 'keep' } })
          }
        >
          <div className={form.form}>
            <Radio value="keep" label={text('applications.ip_keep')} />
            <Radio
              value="truncate"
              label={text('applications.ip_truncate')}
              description={text('applications.ip_truncate_lead')}
            />
            <Radio value="drop" label={text('applications.ip_drop')} />
          </div>
        </Radio.Group>
        <TagsInput
          label={text('applications.scrub')}
          description={text('applications.scrub_lead')}
          value={privacy.scrub_keys}
          onChange={(scrub_keys) => set({ privacy: { ...privacy, scrub_keys } })}
          acceptValueOnBlur
        />
      </div>
    </Panel>
  );
}

function RetentionFields({ draft, set }: Fields) {
  const text = useText();
  return (
    <Panel title={text('applications.retention')}>
      <div className={form.form}>
        <DaysField
          label={text('applications.retention_events')}
          days={draft.retention_days}
          onChange={(retention_days) => set({ retention_days })}
        />
        <DaysField
          label={text('applications.retention_replay')}
          days={draft.replay_retention_days}
          onChange={(replay_retention_days) => set({ replay_retention_days })}
        />
        <p className={form.hint}>{text('applications.retention_lead')}</p>
      </div>
    </Panel>
  );
}

interface Days {
  label: string;
  days: number;
  onChange: (days: number) => void;
}

function DaysField({ label, days, onChange }: Days) {
  const text = useText();
  return (
    <Fieldset legend={label} variant="unstyled" classNames={{ root: form.choices ?? '', legend: form.legend ?? '' }}>
      <div className={form.row}>
        {RETENTIONS.map((choice) => (
          <Button
            key={choice}
            variant={days === choice ? 'light' : 'default'}
            aria-pressed={days === choice}
            onClick={() => onChange(choice)}
          >
            {text('applications.days', { n: choice })}
          </Button>
        ))}
        <NumberInput
          aria-label={text('applications.retention_days', { what: label })}
          value={days}
          min={1}
          max={RETENTION_MAX}
          allowDecimal={false}
          clampBehavior="blur"
          suffix={` ${text('applications.days_suffix')}`}
          onChange={(value) => {
            if (typeof value === 'number' && value >= 1) onChange(value);
          }}
        />
      </div>
    </Fieldset>
  );
}
