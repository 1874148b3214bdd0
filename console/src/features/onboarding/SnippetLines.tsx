import { Code } from '../../ui/Code.tsx';
import classes from './Onboarding.module.css';
import { type Line, textOf } from './snippet.ts';

/** A snippet with what changes marked. */
export function SnippetLines({ label, lines }: { label: string; lines: readonly Line[] }) {
  return (
    <Code label={label} text={textOf(lines)}>
      {lines.map((line, index) => (
        <span key={index} className={line.isMarked ? classes.marked : classes.line}>
          {line.text}
        </span>
      ))}
    </Code>
  );
}
