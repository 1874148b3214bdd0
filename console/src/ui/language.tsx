import { createContext, Fragment, type ReactNode, useContext, useMemo } from 'react';
import { CATALOGUE, type Text, type TextKey, texts } from '../lib/text/catalogue.ts';
import { type Language, type Parameters, pieces } from '../lib/text/message.ts';

const LanguageContext = createContext<Language>('en');

export const LanguageProvider = LanguageContext.Provider;

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** `const text = useText(); text('common.copy')` */
export function useText(): Text {
  const language = useLanguage();
  return useMemo(() => texts(language), [language]);
}

/** As `useText`, but parameters may be elements: `rich('applications.quiet', { name: <b>Shop</b> })`. */
export function useRichText() {
  const language = useLanguage();
  return <Key extends TextKey>(
    key: Key,
    ...values: Parameters<(typeof CATALOGUE)[Key]['en'], ReactNode>
  ): ReactNode => {
    const named: Readonly<Record<string, ReactNode>> = values[0] ?? {};
    const numberOf = (name: string) => {
      const value = named[name];
      return typeof value === 'number' ? value : undefined;
    };
    return pieces(CATALOGUE[key][language], numberOf).map((piece, index) => (
      <Fragment key={index}>{'text' in piece ? piece.text : named[piece.parameter]}</Fragment>
    ));
  };
}
