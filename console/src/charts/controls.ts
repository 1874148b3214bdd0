import { type Dispatch, type RefObject, type SetStateAction, useMemo, useRef, useState } from 'react';

/** What the head of a chart's panel and its drawing share. */
export interface ChartControls {
  readonly isTable: boolean;
  readonly setTable: (isTable: boolean) => void;
  readonly width: readonly [number, Dispatch<SetStateAction<number>>];
  /** Gives a PNG of the drawing while one is shown. */
  readonly picture: RefObject<(() => string) | null>;
}

export function useChartControls(): ChartControls {
  const [isTable, setTable] = useState(false);
  const [width, setWidth] = useState(0);
  const picture = useRef<(() => string) | null>(null);
  return useMemo(() => ({ isTable, setTable, width: [width, setWidth] as const, picture }), [isTable, width]);
}
