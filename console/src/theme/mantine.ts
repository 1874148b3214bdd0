/** Mantine in the console's tokens. Its own variables are pointed at ours, so that every stock component fits in. */
import { ActionIcon, Button, type CSSVariablesResolver, createTheme, Tooltip } from '@mantine/core';
import { FONT, MONO, variablesOf } from './tokens.ts';

/** Ten shades of the accent, from paper to ink: shade 6 is the light scheme's accent, shade 3 the dark one's. */
const INK = [
  '#eef1fd',
  '#d5dcfa',
  '#b3bff4',
  '#8c9eff',
  '#6478de',
  '#5067d8',
  '#3d55d4',
  '#3148bf',
  '#2b3c9c',
  '#1f2c78',
] as const;

/** Mantine's greys, from ours: what it draws by itself (skeletons, inputs, subtle buttons) then sits on our surfaces. */
const GRAY = [
  '#f5f6f8',
  '#eff1f4',
  '#e9ebf0',
  '#e2e5eb',
  '#c6cbd5',
  '#9aa1ad',
  '#636b79',
  '#4a5160',
  '#2b303b',
  '#171a21',
] as const;
/** The fifth frames fields, radios and switches in the dark: the strong border, or they cannot be seen. */
const DARK = [
  '#e7eaf0',
  '#aab2bf',
  '#8a93a1',
  '#5c6573',
  '#3e4755',
  '#20262e',
  '#151920',
  '#0e1116',
  '#0b0e12',
  '#07090c',
] as const;

const small = { defaultProps: { size: 'xs' } };
/** Small controls, text of the body's size. */
const field = { ...small, styles: { input: { fontSize: 'var(--mantine-font-size-md)' } } };

export const theme = createTheme({
  primaryColor: 'ink',
  colors: { ink: INK, gray: GRAY, dark: DARK },
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  fontFamily: FONT,
  fontFamilyMonospace: MONO,
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '16px' },
  lineHeights: { xs: '16px', sm: '16px', md: '20px', lg: '20px', xl: '24px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '10px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontFamily: FONT, fontWeight: '600' },
  components: {
    Button: Button.extend({
      ...small,
      styles: (_, { variant = 'filled' }) => ({
        root: { fontSize: 'var(--mantine-font-size-md)', fontWeight: variant === 'filled' ? 600 : 400 },
      }),
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 'md', variant: 'subtle', color: 'gray' } }),
    TextInput: field,
    PasswordInput: field,
    NumberInput: field,
    Textarea: field,
    Select: field,
    MultiSelect: field,
    TagsInput: field,
    Autocomplete: field,
    SegmentedControl: {
      ...small,
      styles: { label: { fontSize: 'var(--mantine-font-size-sm)', fontWeight: 400, paddingInline: 9 } },
    },
    Checkbox: small,
    Radio: small,
    Switch: small,
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: false } }),
  },
});

const POINTED = {
  '--mantine-color-body': 'var(--ff-canvas)',
  '--mantine-color-text': 'var(--ff-text-1)',
  '--mantine-color-dimmed': 'var(--ff-text-3)',
  '--mantine-color-placeholder': 'var(--ff-text-3)',
  '--mantine-color-default': 'var(--ff-surface)',
  '--mantine-color-default-color': 'var(--ff-text-1)',
  '--mantine-color-default-border': 'var(--ff-border)',
  '--mantine-color-default-hover': 'var(--ff-hover)',
  '--mantine-color-anchor': 'var(--ff-accent-text)',
  '--mantine-color-error': 'var(--ff-danger-text)',
  '--mantine-primary-color-filled': 'var(--ff-accent)',
  '--mantine-primary-color-contrast': 'var(--ff-on-accent)',
  '--mantine-primary-color-light': 'var(--ff-accent-soft)',
  '--mantine-primary-color-light-color': 'var(--ff-accent-text)',
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {
    '--ff-font': FONT,
    '--ff-mono': MONO,
    '--input-height-xs': '30px',
    '--button-height-xs': '30px',
  },
  light: { ...variablesOf('light'), ...POINTED },
  dark: { ...variablesOf('dark'), ...POINTED },
});
