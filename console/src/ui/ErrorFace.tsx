import { Button } from '@mantine/core';
import { isProblem } from '../api/problem.ts';
import { CopyButton } from './CopyButton.tsx';
import classes from './ErrorFace.module.css';
import { useText } from './language.tsx';
import { Note } from './Note.tsx';

/** What happened, what to do, and what to tell somebody else. Only the part that failed shows it. */
export function ErrorFace({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const text = useText();
  const isRefused = isProblem(error) && error.status === 403;
  const { detail, help } = explain(error, text('common.unreachable'));
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

/** For forms: the same sentence without the frame's actions. */
export function problemText(error: Error, unreachable: string): string {
  const { detail, help } = explain(error, unreachable);
  return help === undefined ? detail : `${detail} ${help}`;
}

function explain(error: Error, unreachable: string): { detail: string; help: string | undefined } {
  if (!isProblem(error)) return { detail: error.message, help: undefined };
  if (error.code === 'unreachable') return { detail: unreachable, help: undefined };
  return { detail: sentence(error.detail), help: error.help };
}

/** The server's details begin small and have no full stop, since programs quote them. */
function sentence(detail: string): string {
  const start = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?。]$/.test(start) ? start : `${start}.`;
}
