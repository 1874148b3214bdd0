import type { ErrorComponentProps } from '@tanstack/react-router';
import { ErrorFace } from '../ui/ErrorFace.tsx';
import { useText } from '../ui/language.tsx';
import { Page } from '../ui/Page.tsx';

/** A screen that threw: said in its place, with the way to try again. */
export function Crashed({ error, reset }: ErrorComponentProps) {
  const text = useText();
  return (
    <Page title={text('shell.crashed')}>
      <ErrorFace error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    </Page>
  );
}
