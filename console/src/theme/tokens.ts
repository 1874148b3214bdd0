/**
 * The colours of the console, as `[light, dark]`. Components name them as `var(--ff-…)`; nothing outside this folder
 * writes a colour. good, needs and poor rate vitals and mean nothing else; c1–c10 keep apart under colour-blind sight.
 */
export const TOKENS = {
  canvas: ['#f5f6f8', '#0e1116'],
  surface: ['#ffffff', '#151920'],
  sunken: ['#eff1f4', '#0b0e12'],
  raised: ['#ffffff', '#1b2029'],
  hover: ['#f1f3f7', '#1d232c'],
  selected: ['#eaeefc', '#202845'],

  border: ['#e2e5eb', '#272d37'],
  'border-strong': ['#c6cbd5', '#3e4755'],
  grid: ['#edeff3', '#20262e'],

  'text-1': ['#171a21', '#e7eaf0'],
  'text-2': ['#4a5160', '#aab2bf'],
  'text-3': ['#636b79', '#8a93a1'],
  'text-off': ['#9aa1ad', '#5c6573'],

  accent: ['#3d55d4', '#8c9eff'],
  'accent-text': ['#3148bf', '#aab8ff'],
  'accent-soft': ['#e8ecfc', '#1f2747'],
  'on-accent': ['#ffffff', '#0d1020'],

  good: ['#1d9a67', '#3fbf8a'],
  'good-text': ['#0b6d45', '#5fd3a2'],
  'good-soft': ['#dcf2e8', '#12332a'],

  needs: ['#c58410', '#e0a526'],
  'needs-text': ['#805300', '#ecbb55'],
  'needs-soft': ['#fbefd5', '#382b0f'],

  poor: ['#d24a34', '#f0705a'],
  'poor-text': ['#ae2f1b', '#f78f7c'],
  'poor-soft': ['#fbe4df', '#40211c'],

  danger: ['#c22a62', '#ee6f9d'],
  'danger-text': ['#a91d51', '#f593b6'],
  'danger-soft': ['#fbe5ed', '#3c1a2a'],

  warn: ['#b65b0b', '#ee9d5f'],
  'warn-text': ['#934600', '#f3b482'],
  'warn-soft': ['#fdecdd', '#392515'],

  ok: ['#12808a', '#4dc0c9'],
  'ok-text': ['#0b6770', '#74d3da'],
  'ok-soft': ['#dcf1f3', '#103237'],

  c1: ['#453cd6', '#6988fd'],
  c2: ['#3d8e83', '#2bbfe8'],
  c3: ['#5697dc', '#c9edfe'],
  c4: ['#703492', '#a75fb2'],
  c5: ['#9a7d45', '#e6c9a0'],
  c6: ['#9c2253', '#f690b4'],
  c7: ['#626900', '#b3bf44'],
  c8: ['#5d6f9a', '#858582'],
  c9: ['#522d04', '#b09057'],
  c10: ['#33256e', '#6d5bea'],

  other: ['#b3b9c4', '#565e6b'],
  rest: ['#8f96a3', '#717b8a'],

  q1: ['#eef1fd', '#1a2036'],
  q2: ['#d5dcfa', '#243059'],
  q3: ['#b3bff4', '#31437f'],
  q4: ['#8b9cea', '#4359a8'],
  q5: ['#6478de', '#5f76cf'],
  q6: ['#4257c9', '#889bf0'],
  q7: ['#2b3c9c', '#bac6ff'],

  'shadow-1': ['0 1px 2px rgba(20,26,40,.06)', '0 1px 2px rgba(0,0,0,.4)'],
  'shadow-2': [
    '0 8px 28px rgba(20,26,40,.14),0 1px 3px rgba(20,26,40,.08)',
    '0 12px 36px rgba(0,0,0,.55),0 1px 3px rgba(0,0,0,.5)',
  ],
  scrim: ['rgba(22,27,38,.36)', 'rgba(4,6,10,.62)'],
} as const;

export type Token = keyof typeof TOKENS;
export type Scheme = 'light' | 'dark';

export function token(name: Token, scheme: Scheme): string {
  return TOKENS[name][scheme === 'light' ? 0 : 1];
}

/** `--ff-…` variables of one scheme. */
export function variablesOf(scheme: Scheme): Record<`--ff-${Token}`, string> {
  const pairs = Object.entries(TOKENS).map(([name, [light, dark]]) => [
    `--ff-${name}`,
    scheme === 'light' ? light : dark,
  ]);
  return Object.fromEntries(pairs);
}

/** No web font: the console works without a network. */
export const FONT =
  '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif';
export const MONO =
  'ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", "Noto Sans CJK SC", "WenQuanYi Micro Hei Mono", monospace';
