import { useComputedColorScheme } from '@mantine/core';
import { type RefObject, useEffect, useRef } from 'react';
import { chartTheme } from '../theme/chart.ts';
import { type Scheme, token } from '../theme/tokens.ts';
import type { init } from './engine.ts';

type Drawing = ReturnType<typeof init>;
type Option = Parameters<Drawing['setOption']>[0];

/** Draws an option into an element and follows its size and the colour scheme. */
export function useDrawing(
  optionOf: (scheme: Scheme) => Option,
  onWidth: (width: number) => void,
  picture: RefObject<(() => string) | null>,
): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const latest = useRef(optionOf);
  const scheme: Scheme = useComputedColorScheme('light') === 'dark' ? 'dark' : 'light';

  useEffect(() => {
    const box = element.current;
    if (box === null) return;
    let isGone = false;
    const observer = new ResizeObserver(() => {
      drawing.current?.resize();
      onWidth(box.clientWidth);
    });
    observer.observe(box);
    void import('./engine.ts').then((engine) => {
      if (isGone) return;
      const made = engine.init(box, chartTheme(scheme));
      made.setOption(latest.current(scheme));
      drawing.current = made;
      picture.current = () =>
        made.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: token('surface', scheme) });
    });
    return () => {
      isGone = true;
      observer.disconnect();
      picture.current = null;
      drawing.current?.dispose();
      drawing.current = null;
    };
  }, [scheme, onWidth, picture]);

  useEffect(() => {
    latest.current = optionOf;
    drawing.current?.setOption(optionOf(scheme), { notMerge: true });
  }, [optionOf, scheme]);

  return element;
}
