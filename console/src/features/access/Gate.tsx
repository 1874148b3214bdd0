import { type ReactNode, useEffect } from 'react';
import { Logo } from '../../ui/Logo.tsx';
import { useText } from '../../ui/language.tsx';
import { setPreferences, usePreferences } from '../../ui/preferences.tsx';
import classes from './Gate.module.css';

/** The frame of the screens in front of the shell: mark, one title, one form. */
export function Gate({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const text = useText();
  const { language } = usePreferences();
  const name = text('shell.footfall');
  useEffect(() => {
    document.title = `${title} · ${name}`;
  }, [title, name]);
  return (
    <main className={classes.gate}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Logo size={24} />
          {text('shell.footfall')}
        </div>
        <h1 className={classes.title}>{title}</h1>
        {lead !== undefined && <p className={classes.lead}>{lead}</p>}
        {children}
      </div>
      <button
        type="button"
        className={classes.language}
        lang={language === 'zh' ? 'en' : 'zh'}
        onClick={() => setPreferences({ language: language === 'zh' ? 'en' : 'zh' })}
      >
        {text('access.other_language')}
      </button>
    </main>
  );
}
