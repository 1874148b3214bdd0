import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Application, applicationsQuery, tokensQuery } from '../../api/applications.ts';
import { mayAct, sessionQuery } from '../../api/session.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import classes from './Onboarding.module.css';
import { onboardingQuery } from './queries.ts';
import { Recipes } from './Recipes.tsx';
import { onboardingRoute } from './route.tsx';
import { SnippetPanel } from './SnippetPanel.tsx';
import { Steps } from './Steps.tsx';
import { usualSdk } from './sdks.ts';
import type { Values } from './snippet.ts';
import { TryOut } from './TryOut.tsx';
import { liveToken } from './token.ts';
import { WaitingPanel } from './WaitingPanel.tsx';

/** What stands in the snippet where the reader may not see tokens, or there is none. */
const NO_TOKEN = 'YOUR_CLIENT_TOKEN';

export function Onboarding() {
  const text = useText();
  const { app } = onboardingRoute.useParams();
  const applications = useQuery(applicationsQuery);
  const application = applications.data?.find((one) => one.app_id === app);
  return (
    <Async of={applications} skeleton={480}>
      {() =>
        application === undefined ? (
          <Page title={text('onboarding.title')}>
            <EmptyState icon="applications" text={text('applications.unknown', { app })} />
          </Page>
        ) : (
          <Connect key={app} application={application} />
        )
      }
    </Async>
  );
}

function Connect({ application }: { application: Application }) {
  const text = useText();
  const app = application.app_id;
  const { sdk = usualSdk(application.type), via = 'npm', recipe = 'csp' } = onboardingRoute.useSearch();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  const tokens = useQuery(tokensQuery(app));
  const token = liveToken(tokens.data);
  const [since, setSince] = useState<string>();
  const answer = useQuery(onboardingQuery(app, since));
  const values: Values = {
    server: answer.data?.server.origin ?? window.location.origin,
    appId: app,
    token: token ?? NO_TOKEN,
    service: app,
  };
  return (
    <Page
      title={text('onboarding.connect', { name: application.name })}
      lead={text('onboarding.lead')}
      actions={<Steps hasVisit={(answer.data?.views.length ?? 0) > 0} />}
    >
      <div className={classes.columns}>
        <div className={classes.column}>
          <SnippetPanel
            sdk={sdk}
            via={via}
            values={values}
            isTokenMissing={token === undefined && !tokens.isPending}
            isAdmin={isAdmin}
            app={app}
          />
          <Recipes sdk={sdk} via={via} recipe={recipe} values={values} />
          <TryOut sdk={sdk} values={values} />
        </div>
        <div className={classes.column}>
          <WaitingPanel
            application={application}
            isAdmin={isAdmin}
            token={token}
            answer={answer}
            since={since}
            onSince={setSince}
          />
        </div>
      </div>
    </Page>
  );
}
