import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { type Application, applicationsQuery, tokensQuery } from '../../api/applications.ts';
import type { PlainKey } from '../../lib/text/catalogue.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Page } from '../../ui/Page.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Onboarding.module.css';
import { testPageRoute } from './route.tsx';
import { liveToken } from './token.ts';
import { block, request, startVisit, TEST_ENV, throwError } from './visitor.ts';

/** A page with an SDK in it, from our own origin: the first visit without touching one's own page. */
export function TestPage() {
  const text = useText();
  const { app } = testPageRoute.useParams();
  const applications = useQuery(applicationsQuery);
  const application = applications.data?.find((one) => one.app_id === app);
  const title = application === undefined ? text('onboarding.test_page') : titleOf(application.name, text);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <main className={classes.alone}>
      <Page
        title={title}
        isNarrow
        actions={
          // By loading the console anew: the SDK would go on in this document.
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link to="/applications/$app/onboarding" params={{ app }} reloadDocument preload={false} {...props} />
            )}
          >
            {text('onboarding.test_back')}
          </Button>
        }
      >
        <Async of={applications} skeleton={120}>
          {() =>
            application === undefined ? (
              <EmptyState icon="applications" text={text('applications.unknown', { app })} />
            ) : (
              <Visit application={application} />
            )
          }
        </Async>
      </Page>
    </main>
  );
}

function titleOf(name: string, text: ReturnType<typeof useText>): string {
  return text('onboarding.test_page_of', { name });
}

/** What a page does that an SDK sees. */
const ACTS: readonly { name: PlainKey; act: () => void }[] = [
  { name: 'onboarding.test_click', act: () => {} },
  { name: 'onboarding.test_request', act: () => void request() },
  { name: 'onboarding.test_error', act: throwError },
  { name: 'onboarding.test_block', act: block },
];

function Visit({ application }: { application: Application }) {
  const text = useText();
  const tokens = useQuery(tokensQuery(application.app_id));
  const [done, setDone] = useState(0);
  // Where anybody may send, the SDK still insists on a token.
  const token = liveToken(tokens.data) ?? (application.access === 'open' ? 'none' : undefined);
  const { app_id: appId } = application;
  useEffect(() => {
    if (token !== undefined) startVisit({ appId, token });
  }, [appId, token]);
  if (token === undefined) {
    if (tokens.isPending) return null;
    return (
      <Note tone="warn" icon="key">
        {text(tokens.isError ? 'onboarding.token_hidden' : 'onboarding.no_token')}
      </Note>
    );
  }
  return (
    <Panel title={text('onboarding.test_acts')}>
      <div className={classes.stack}>
        <p>{text('onboarding.test_lead', { env: TEST_ENV })}</p>
        <div className={classes.acts}>
          {ACTS.map(({ name, act }) => (
            <Button
              key={name}
              variant="default"
              onClick={() => {
                act();
                setDone((before) => before + 1);
              }}
            >
              {text(name)}
            </Button>
          ))}
        </div>
        <p role="status">{done > 0 && text('onboarding.test_done', { n: done })}</p>
      </div>
    </Panel>
  );
}
