import { Link } from '@tanstack/react-router';
import { EmptyState } from '../ui/EmptyState.tsx';
import { useText } from '../ui/language.tsx';
import { Page } from '../ui/Page.tsx';

export function NotFound() {
  const text = useText();
  return (
    <Page title={text('shell.not_found_title')}>
      <EmptyState text={text('shell.not_found')} action={<Link to="/">{text('shell.to_overview')}</Link>} />
    </Page>
  );
}
