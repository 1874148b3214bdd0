import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { SENTENCE_GAP } from '../../lib/text/message.ts';
import { Async } from '../../ui/Async.tsx';
import { useFormat } from '../../ui/format.tsx';
import { useLanguage, useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { DiskPanel } from './DiskPanel.tsx';
import { Flow } from './Flow.tsx';
import classes from './Intake.module.css';
import { MinutesPanel } from './MinutesPanel.tsx';
import { type Health, healthQuery } from './queries.ts';
import { RefusedPanel } from './RefusedPanel.tsx';
import { RejectsPanel } from './RejectsPanel.tsx';
import { intakeRoute } from './route.tsx';
import { SamplesDrawer } from './SamplesDrawer.tsx';
import { SdkPanel } from './SdkPanel.tsx';
import { Warnings } from './Warnings.tsx';

/** Is anything lost, where, and what is to be done? */
export function Intake() {
  const text = useText();
  const navigate = useNavigate({ from: intakeRoute.fullPath });
  const { reason } = intakeRoute.useSearch();
  const health = useQuery(healthQuery);
  const show = (chosen: string | undefined) => void navigate({ search: (before) => ({ ...before, reason: chosen }) });
  return (
    <Page title={text('shell.intake')} lead={health.data === undefined ? undefined : <Verdict health={health.data} />}>
      <Async of={health} skeleton={480}>
        {(data) => (
          <div className={classes.parts}>
            <Flow health={data} />
            <Warnings health={data} />
            <div className={classes.split}>
              <SdkPanel sdks={data.by_sdk} />
              <MinutesPanel health={data} />
            </div>
            <RefusedPanel refusals={data.refusals} />
            <div className={classes.split}>
              <RejectsPanel rejects={data.rejects} onSamples={show} />
              <DiskPanel disk={data.disk} />
            </div>
          </div>
        )}
      </Async>
      {reason !== undefined && <SamplesDrawer reason={reason} onClose={() => show(undefined)} />}
    </Page>
  );
}

function Verdict({ health }: { health: Health }) {
  const text = useText();
  const language = useLanguage();
  const format = useFormat();
  const { received, rejected } = health.totals;
  const since = text('intake.since', { time: format.time(health.since) });
  if (received === 0) return text('intake.verdict_none');
  const share = format.share((received - rejected) / received);
  return `${text('intake.verdict', { share })}${SENTENCE_GAP[language]}${since}`;
}
