import { Button, Skeleton } from '@mantine/core';
import { type QueryKey, type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import classes from './Async.module.css';
import { ErrorFace } from './ErrorFace.tsx';
import { useText } from './language.tsx';

const SKELETON_AFTER_MS = 150;
const SLOW_AFTER_MS = 3000;

type Answer<Data> = Pick<UseQueryResult<Data>, 'data' | 'error' | 'isFetching' | 'isPlaceholderData' | 'isPending'> & {
  refetch: () => unknown;
};

interface Props<Data> {
  of: Answer<Data>;
  /** What stands there until the first answer, in the final size; a number is a height. */
  skeleton?: ReactNode;
  isEmpty?: (data: Data) => boolean;
  /** Why there is nothing, and the next step. */
  empty?: ReactNode | ((data: Data) => ReactNode);
  /** What is missing of otherwise full content. */
  partial?: (data: Data) => ReactNode;
  /** The query's key: with it a slow question can be cancelled. */
  cancel?: QueryKey;
  children: (data: Data) => ReactNode;
}

/**
 * Every view of server data, in its five faces: loading, empty, error, partial, full. Old data stays in sight, dimmed, while the
 * answer to another question is on its way.
 */
export function Async<Data>({ of: answer, skeleton = 120, isEmpty, empty, partial, cancel, children }: Props<Data>) {
  const { data, error } = answer;
  if (data === undefined) {
    if (error !== null) return <ErrorFace error={error} onRetry={() => void answer.refetch()} />;
    if (answer.isPending && !answer.isFetching) return <Stopped onRetry={() => void answer.refetch()} />;
    return <Loading skeleton={skeleton} cancel={cancel} />;
  }
  const isStale = answer.isPlaceholderData && answer.isFetching;
  return (
    <div className={classes.data} data-stale={isStale || undefined} aria-busy={isStale || undefined}>
      {isStale && <div className={classes.bar} />}
      {isStale && <Slow cancel={cancel} />}
      {error !== null && <ErrorFace error={error} onRetry={() => void answer.refetch()} />}
      {partial?.(data)}
      <div className={classes.content}>
        {isEmpty?.(data) === true ? (typeof empty === 'function' ? empty(data) : empty) : children(data)}
      </div>
    </div>
  );
}

function Loading({ skeleton, cancel }: { skeleton: ReactNode; cancel: QueryKey | undefined }) {
  const text = useText();
  const isVisible = useLater(SKELETON_AFTER_MS);
  const shape = typeof skeleton === 'number' ? <Skeleton height={skeleton} radius="sm" /> : skeleton;
  return (
    <div className={classes.loading} data-visible={isVisible || undefined} aria-busy="true">
      <span className="ff-hidden">{text('common.loading')}</span>
      {shape}
      <Slow cancel={cancel} />
    </div>
  );
}

function Slow({ cancel }: { cancel: QueryKey | undefined }) {
  const text = useText();
  const queries = useQueryClient();
  const seconds = useSeconds();
  if (seconds * 1000 < SLOW_AFTER_MS) return null;
  return (
    <p className={classes.slow}>
      {text('common.still_working', { seconds })}
      {cancel !== undefined && (
        <Button variant="subtle" onClick={() => void queries.cancelQueries({ queryKey: cancel })}>
          {text('common.cancel')}
        </Button>
      )}
    </p>
  );
}

function Stopped({ onRetry }: { onRetry: () => void }) {
  const text = useText();
  return (
    <p className={classes.slow}>
      {text('common.stopped')}
      <Button variant="subtle" onClick={onRetry}>
        {text('common.retry')}
      </Button>
    </p>
  );
}

function useLater(ms: number): boolean {
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isLater;
}

function useSeconds(): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((value) => value + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return seconds;
}
