import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Application } from '../../api/applications.ts';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import { LIST_GAP, SENTENCE_GAP } from '../../lib/text/message.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { FormError } from '../../ui/FormError.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useLanguage, useRichText, useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { refusalHelp, refusalTitle } from '../../ui/refusals.ts';
import classes from './Onboarding.module.css';
import type { Refusal } from './queries.ts';

/** Why a request was refused, and the repair where one click does it. */
export function RefusalNote({
  refusal,
  application,
  isAdmin,
  onRepaired,
}: {
  refusal: Refusal;
  application: Application;
  isAdmin: boolean;
  onRepaired: () => void;
}) {
  const text = useText();
  const language = useLanguage();
  const rich = useRichText();
  const isOrigin = refusal.code === 'wrong_origin' && refusal.origin !== null;
  const allowed = application.allowed_origins.join(LIST_GAP[language]);
  return (
    <Note
      tone="danger"
      icon="shield"
      actions={
        isOrigin && (
          <OriginRepair refusal={refusal} application={application} isAdmin={isAdmin} onRepaired={onRepaired} />
        )
      }
    >
      <p>
        <b>{text('onboarding.refused', { reason: refusalTitle(refusal.code, text) })}</b>
        {SENTENCE_GAP[language]}
        {text('onboarding.times', { n: refusal.count })}
      </p>
      {isOrigin ? (
        <p>
          {rich('onboarding.served_from', {
            origin: <b className={classes.path}>{refusal.origin}</b>,
            allowed: <span className={classes.path}>{allowed}</span>,
          })}
        </p>
      ) : (
        <p>{refusalHelp(refusal, application.app_id, text)}</p>
      )}
    </Note>
  );
}

function OriginRepair({
  refusal,
  application,
  isAdmin,
  onRepaired,
}: {
  refusal: Refusal;
  application: Application;
  isAdmin: boolean;
  onRepaired: () => void;
}) {
  const text = useText();
  const queries = useQueryClient();
  const { app_id } = application;
  const allow = useMutation({
    mutationFn: (allowed_origins: string[]) =>
      unwrap(
        client.PATCH('/api/v1/applications/{app_id}', { params: { path: { app_id } }, body: { allowed_origins } }),
      ),
    onSuccess: () => {
      onRepaired();
      return queries.invalidateQueries({ queryKey: ['applications'] });
    },
  });
  const origin = refusal.origin ?? '';
  if (!isAdmin) {
    return (
      <CopyButton
        value={text('onboarding.origin_request', { app: app_id, origin, url: window.location.href })}
        label={text('onboarding.copy_request')}
      />
    );
  }
  return (
    <>
      <Button
        leftSection={<Icon name="plus" size={14} />}
        loading={allow.isPending}
        onClick={() => allow.mutate([...application.allowed_origins, origin])}
      >
        {text('onboarding.add_origin')}
      </Button>
      <Button variant="default" loading={allow.isPending} onClick={() => allow.mutate([])}>
        {text('onboarding.allow_every_origin')}
      </Button>
      <FormError error={allow.error} />
    </>
  );
}
