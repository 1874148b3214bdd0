import type { Rating as RatingName } from '../lib/ratings.ts';
import { useText } from '../ui/language.tsx';
import classes from './Rating.module.css';

const GLYPH: Record<RatingName, string> = {
  good: 'M5 .5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z',
  needs: 'M5 .6 9.7 9.3H.3z',
  poor: 'M.8.8h8.4v8.4H.8z',
};

const WORD = { good: 'charts.good', needs: 'charts.needs', poor: 'charts.poor' } as const;

interface RatingProps {
  rating: RatingName;
  /** A value to stand beside the glyph; the word then is in the name only. */
  value?: string;
}

/** A rating as glyph, colour and word. */
export function Rating({ rating, value }: RatingProps) {
  const text = useText();
  const word = text(WORD[rating]);
  return (
    <span className={classes.rating} data-rating={rating} title={value === undefined ? undefined : word}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={GLYPH[rating]} />
      </svg>
      {value ?? word}
      {value !== undefined && <span className={classes.hidden}> {word}</span>}
    </span>
  );
}
