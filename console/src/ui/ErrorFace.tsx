import { Button } from '@mantine/core';
import { isProblem } from '../api/problem.ts';
import { CopyButton } from './CopyButton.tsx';
import classes from './ErrorFace.module.css';
import { explain } from './explain.ts';
import { useLanguage, useText } from './language.tsx';
import { Note } from './Note.tsx';

/** What happened, what to do, and what to tell somebody else. Only the part that failed shows it. */
export function ErrorFace({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const text = useText();
  const isRefused = isProblem(error) && error.status === 403;
  const language = useLanguage();
  const { detail, help } = explain(error, text, language);
  const reference = isProblem(error) ? [error.code, error.requestId].filter(Boolean).join(' · ') : error.name;
  return (
    <div role="alert">
      <Note
        tone={isRefused ? 'plain' : 'danger'}
        icon={isRefused ? 'shield' : 'warning'}
        actions={
          <>
            {onRetry !== undefined && !isRefused && (
              <Button variant="default" onClick={onRetry}>
                {text('common.retry')}
              </Button>
            )}
            <CopyButton value={`${detail}\n${help ?? ''}\n${reference}`} label={text('common.copy_error')} />
          </>
        }
      >
        <p className={classes.detail}>{detail}</p>
        {help !== undefined && <p className={classes.help}>{help}</p>}
        <p className={classes.reference}>{reference}</p>
      </Note>
    </div>
  );
}
