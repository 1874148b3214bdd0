import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { applicationsQuery } from '../../api/applications.ts';
import { mayAct, sessionQuery } from '../../api/session.ts';
import { Async } from '../../ui/Async.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Note } from '../../ui/Note.tsx';
import { Page } from '../../ui/Page.tsx';
import { DeletePanel } from './DeletePanel.tsx';
import { RenamePanel } from './RenamePanel.tsx';
import { applicationSettingsRoute } from './route.tsx';
import { SettingsForm } from './SettingsForm.tsx';
import { TokensPanel } from './TokensPanel.tsx';

export function ApplicationSettings() {
  const text = useText();
  const { app } = applicationSettingsRoute.useParams();
  const { data: session } = useQuery(sessionQuery);
  const isAdmin = mayAct(session?.member?.role, 'admin');
  const applications = useQuery(applicationsQuery);
  const application = applications.data?.find((one) => one.app_id === app);
  return (
    <Page
      title={text('applications.settings_of', { name: application?.name ?? app })}
      actions={
        application !== undefined && (
          <Button
            variant="default"
            leftSection={<Icon name="code" size={14} />}
            renderRoot={(props) => <Link to="/applications/$app/onboarding" params={{ app }} {...props} />}
          >
            {text('applications.connect')}
          </Button>
        )
      }
      isNarrow
    >
      {!isAdmin && <Note icon="shield">{text('applications.read_only')}</Note>}
      <Async of={applications} skeleton={420}>
        {() =>
          application === undefined ? (
            <EmptyState icon="applications" text={text('applications.unknown', { app })} />
          ) : (
            <SettingsForm key={application.app_id} application={application} isAdmin={isAdmin} />
          )
        }
      </Async>
      {application !== undefined && isAdmin && (
        <>
          <TokensPanel app={application.app_id} />
          <RenamePanel key={application.app_id} app={application.app_id} earlier={application.earlier_app_ids} />
        </>
      )}
      {isAdmin && <DeletePanel app={app} application={application} />}
    </Page>
  );
}
