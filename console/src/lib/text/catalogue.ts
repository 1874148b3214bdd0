/**
 * Every text of the console, English and Chinese side by side. One file per area in `areas/`; a key starts with its area.
 * `npm run check` finds text in components that is not from here, and parameters that differ between the languages.
 */
import { access } from './areas/access.ts';
import { applications } from './areas/applications.ts';
import { charts } from './areas/charts.ts';
import { common } from './areas/common.ts';
import { explorers } from './areas/explorers.ts';
import { intake } from './areas/intake.ts';
import { onboarding } from './areas/onboarding.ts';
import { overview } from './areas/overview.ts';
import { problems } from './areas/problems.ts';
import { sessions } from './areas/sessions.ts';
import { settings } from './areas/settings.ts';
import { shell } from './areas/shell.ts';
import { status } from './areas/status.ts';
import { fill, type Language, type Parameters, type Value } from './message.ts';

export const CATALOGUE = {
  ...access,
  ...applications,
  ...charts,
  ...common,
  ...explorers,
  ...intake,
  ...onboarding,
  ...overview,
  ...problems,
  ...sessions,
  ...settings,
  ...shell,
  ...status,
};

export type TextKey = keyof typeof CATALOGUE;

/** Keys whose message takes no parameter: what a table of titles or labels may name. */
export type PlainKey = {
  [Key in TextKey]: Parameters<(typeof CATALOGUE)[Key]['en'], Value> extends [] ? Key : never;
}[TextKey];

export type Text = <Key extends TextKey>(
  key: Key,
  ...values: Parameters<(typeof CATALOGUE)[Key]['en'], Value>
) => string;

/** The texts of one language: `text('common.copied')`, `text('overview.views', { n: 3 })`. */
export function texts(language: Language): Text {
  return (key, ...values) => fill(CATALOGUE[key][language], values[0] ?? {});
}
