import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';

const AnnounceContext = createContext<(message: string) => void>(() => {});

/** Speaks to screen readers: arrivals on a screen, finished actions. */
export function AnnouncerProvider({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState('');
  const turn = useRef(0);
  const announce = useCallback((next: string) => {
    turn.current += 1;
    // The same words twice are silent unless the text differs; a no-break space is not read out.
    setMessage(turn.current % 2 === 0 ? next : `${next}\u00a0`);
  }, []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <div role="status" aria-live="polite" className="ff-hidden">
        {message}
      </div>
    </AnnounceContext>
  );
}

export function useAnnounce(): (message: string) => void {
  return useContext(AnnounceContext);
}
