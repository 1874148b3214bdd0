import { Button, SegmentedControl } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { SENTENCE_GAP } from '../../lib/text/message.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { CopyField } from '../../ui/CopyField.tsx';
import { FormError } from '../../ui/FormError.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Onboarding.module.css';
import { onboardingRoute, VIAS, type Via } from './route.tsx';
import { SnippetLines } from './SnippetLines.tsx';
import { FAMILIES, familyOf, type SdkId } from './sdks.ts';
import { formOf, npmSnippet, scriptSnippet, type Values } from './snippet.ts';

interface Props {
  sdk: SdkId;
  via: Via;
  values: Values;
  isTokenMissing: boolean;
  isAdmin: boolean;
  app: string;
}

export function SnippetPanel({ sdk, via, values, isTokenMissing, isAdmin, app }: Props) {
  const text = useText();
  const language = useLanguage();
  const navigate = useNavigate({ from: onboardingRoute.fullPath });
  const form = formOf(sdk);
  const current = familyOf(sdk);
  const choose = (chosen: SdkId) => void navigate({ search: (before) => ({ ...before, sdk: chosen }), replace: true });
  return (
    <Panel
      title={text('onboarding.which_sdk')}
      sub={text('onboarding.which_sdk_sub')}
      actions={
        form !== undefined && (
          <SegmentedControl
            aria-label={text('onboarding.via')}
            value={via}
            onChange={(value) => {
              const chosen = VIAS.find((one) => one === value);
              void navigate({ search: (before) => ({ ...before, via: chosen }), replace: true });
            }}
            data={[
              { value: 'npm', label: 'npm' },
              { value: 'script', label: text('onboarding.script_tag') },
            ]}
          />
        )
      }
    >
      <div className={classes.families}>
        {FAMILIES.map((family) => (
          <Button
            key={family.name}
            variant={family === current ? 'light' : 'default'}
            aria-pressed={family === current}
            onClick={() => choose(family.sdks[0])}
          >
            {family.title === undefined ? family.name : text(family.title)}
            {!family.isReady && <span className={classes.later}>{text('onboarding.later_short')}</span>}
          </Button>
        ))}
        {current !== undefined && current.sdks.length > 1 && (
          <SegmentedControl
            aria-label={text('onboarding.release')}
            value={sdk}
            onChange={(value) => choose(current.sdks.find((one) => one === value) ?? sdk)}
            data={current.sdks.map((one) => ({ value: one, label: `v${one.split('-').at(-1)}` }))}
          />
        )}
      </div>
      {form === undefined ? (
        <Note icon="clock">
          {text('onboarding.later', {
            name: current === undefined ? sdk : current.title === undefined ? current.name : text(current.title),
          })}
        </Note>
      ) : (
        <>
          {isTokenMissing && (
            <div className={classes.missing}>
              <TokenMissing isAdmin={isAdmin} app={app} />
            </div>
          )}
          {via === 'npm' && (
            <div className={classes.install}>
              <CopyField label={text('onboarding.install')} value={`npm install ${form.package}`} />
            </div>
          )}
          <SnippetLines
            label={text('onboarding.snippet')}
            lines={via === 'npm' ? npmSnippet(form, values) : scriptSnippet(form, values)}
          />
          <p className={classes.hint}>
            {sdk === 'openobserve' ? text('onboarding.note_openobserve') : text('onboarding.note_proxy')}
            {SENTENCE_GAP[language]}
            {via === 'script' && text('onboarding.note_script')}
          </p>
        </>
      )}
    </Panel>
  );
}

/** Members do not see tokens; they can ask. Admins can make one where there is none. */
function TokenMissing({ isAdmin, app }: { isAdmin: boolean; app: string }) {
  const text = useText();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/applications/{app_id}/tokens', { params: { path: { app_id: app } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['applications'] }),
  });
  return (
    <Note
      tone="warn"
      icon="key"
      actions={
        isAdmin ? (
          <Button variant="default" loading={create.isPending} onClick={() => create.mutate()}>
            {text('onboarding.create_token')}
          </Button>
        ) : (
          <CopyButton
            value={text('onboarding.request_text', { app, url: window.location.href })}
            label={text('onboarding.copy_request')}
          />
        )
      }
    >
      {isAdmin ? text('onboarding.no_token') : text('onboarding.token_hidden')}
      <FormError error={create.error} />
    </Note>
  );
}
