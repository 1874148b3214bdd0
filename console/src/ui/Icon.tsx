import type { ReactElement } from 'react';
import classes from './Icon.module.css';

/** Drawn on a 16 px grid with a 1.5 px line; `currentColor`. */
const SHAPES = {
  overview: <path d="M2.500 7 8 2.500 13.500 7v6h-4V9.500h-3V13h-4z" />,
  applications: (
    <path d="M3.500 2.500h2.500a1 1 0 0 1 1 1V6a1 1 0 0 1-1 1H3.500a1 1 0 0 1-1-1V3.500a1 1 0 0 1 1-1zM10 2.500h2.500a1 1 0 0 1 1 1V6a1 1 0 0 1-1 1H10a1 1 0 0 1-1-1V3.500a1 1 0 0 1 1-1zM3.500 9h2.500a1 1 0 0 1 1 1v2.500a1 1 0 0 1-1 1H3.500a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1zM10 9h2.500a1 1 0 0 1 1 1v2.500a1 1 0 0 1-1 1H10a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1z" />
  ),
  session: <path d="M5 3.500v9l7-4.500z" />,
  view: (
    <>
      <path d="M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8z" />
      <circle cx="8" cy="8" r="1.800" />
    </>
  ),
  resource: <path d="M2.500 4h8M5.500 8h8M2.500 12h6" />,
  action: <path d="M6 6l7 2.500-3 1.200L8.700 13zM3 3l1 1M6.500 1.800V3M1.800 6.500H3" />,
  long_task: <path d="M3 2.500h10M3 13.500h10M4.500 2.500c0 3 7 8 7 11M11.500 2.500c0 3-7 8-7 11" />,
  error: (
    <path d="M8 5.500a3 3 0 0 1 3 3V10a3 3 0 0 1-6 0V8.500a3 3 0 0 1 3-3zM6 5.500a2 2 0 0 1 4 0M2.500 9H5M11 9h2.500M3 5l2 1.500M13 5l-2 1.500M3 13l2-1.500M13 13l-2-1.500" />
  ),
  vital: <path d="M2.500 11.500a6 6 0 1 1 11 0M8 10l2.500-4" />,
  intake: <path d="M1.500 8H4l2-5 3.500 10 2-5h3" />,
  status: (
    <>
      <path d="M3 2.500h10v4H3zM3 9.500h10v4H3z" />
      <path d="M5.500 4.500h.01M5.500 11.500h.01" />
    </>
  ),
  settings: (
    <>
      <circle cx="8" cy="8" r="2" />
      <path d="M8 1.800v2M8 12.200v2M1.800 8h2M12.200 8h2M3.600 3.600 5 5M11 11l1.400 1.400M3.600 12.400 5 11M11 5l1.400-1.400" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5.500" r="2.500" />
      <path d="M3 13.500a5 5 0 0 1 10 0" />
    </>
  ),
  people: (
    <>
      <circle cx="6" cy="6" r="2.300" />
      <path d="M1.800 13a4.200 4.200 0 0 1 8.400 0M10.500 4a2.200 2.200 0 0 1 0 4.200M11.800 9.500c1.500.5 2.400 1.800 2.400 3.500" />
    </>
  ),
  key: (
    <>
      <circle cx="5" cy="11" r="2.500" />
      <path d="m7 9 6-6M10.500 5.500l2 2" />
    </>
  ),
  history: <path d="M3 8a5 5 0 1 0 1.500-3.500L3 6M3 2.800V6h3.200M8 5.500V8l2 1.200" />,
  down: <path d="m4.500 6.500 3.500 3.500 3.500-3.500" />,
  up: <path d="m4.500 9.500 3.500-3.500 3.500 3.500" />,
  right: <path d="m6.500 4.500 3.500 3.500-3.500 3.500" />,
  left: <path d="M9.500 4.500 6 8l3.500 3.500" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.500" />
      <path d="m10.500 10.500 3 3" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M8 5v3l2 1.500" />
    </>
  ),
  refresh: <path d="M13 8a5 5 0 1 1-1.500-3.500L13 6M13 2.800V6H9.800" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1.500V3M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1" />
    </>
  ),
  moon: <path d="M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z" />,
  display: (
    <>
      <path d="M3 3h10a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z" />
      <path d="M6 13.500h4" />
    </>
  ),
  phone: (
    <>
      <path d="M6 1.500h4A1.500 1.500 0 0 1 11.500 3v10a1.500 1.500 0 0 1-1.500 1.500H6A1.500 1.500 0 0 1 4.500 13V3A1.500 1.500 0 0 1 6 1.500z" />
      <path d="M7.200 12.500h1.600" />
    </>
  ),
  globe: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M2.500 8h11M8 2.500c3.500 3.600 3.500 7.400 0 11-3.500-3.600-3.500-7.400 0-11" />
    </>
  ),
  help: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M6.300 6.300A1.700 1.700 0 1 1 8 8.200V9M8 11v.2" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M8 7.500V11M8 5v.2" />
    </>
  ),
  plus: <path d="M8 3.500v9M3.500 8h9" />,
  minus: <path d="M4 8h8" />,
  close: <path d="m4.500 4.500 7 7M11.500 4.500l-7 7" />,
  check: <path d="m3.500 8.500 3 3 6-7" />,
  more: <path d="M3.500 8h.01M8 8h.01M12.500 8h.01" strokeWidth="2.400" />,
  menu: <path d="M2.500 4.500h11M2.500 8h11M2.500 11.500h11" />,
  live: (
    <>
      <circle cx="8" cy="8" r="2" />
      <path d="M4.500 4.500a5 5 0 0 0 0 7M11.500 4.500a5 5 0 0 1 0 7" />
    </>
  ),
  warning: <path d="M8 2.500 14 13H2zM8 6.500v3M8 11.200v.2" />,
  shield: <path d="M8 2 3 4v4c0 3 2 5 5 6 3-1 5-3 5-6V4z" />,
  filter: <path d="M2.500 3.500h11l-4 5v4l-3 1v-5z" />,
  link: (
    <path d="M6.500 9.500a2.500 2.500 0 0 0 3.500 0l2.500-2.500A2.500 2.500 0 0 0 9 3.500l-1 1M9.500 6.500a2.500 2.500 0 0 0-3.500 0L3.500 9A2.500 2.500 0 0 0 7 12.500l1-1" />
  ),
  columns: (
    <path d="M4 2.500h8A1.500 1.500 0 0 1 13.500 4v8a1.500 1.500 0 0 1-1.500 1.500H4A1.500 1.500 0 0 1 2.500 12V4A1.500 1.500 0 0 1 4 2.500zM6.200 2.500v11M9.800 2.500v11" />
  ),
  copy: (
    <>
      <path d="M7 5.500h5A1.500 1.500 0 0 1 13.500 7v5a1.500 1.500 0 0 1-1.500 1.500H7A1.500 1.500 0 0 1 5.500 12V7A1.500 1.500 0 0 1 7 5.500z" />
      <path d="M10.500 5.500v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
    </>
  ),
  external: <path d="M9 3h4v4M13 3 7.500 8.500M11.500 9.500V13H3V4.500h3.500" />,
  code: <path d="M5.500 4.500 2 8l3.500 3.500M10.500 4.500 14 8l-3.500 3.500" />,
  download: <path d="M8 2.500v7M5 7l3 3 3-3M3 13h10" />,
  signout: <path d="M6.500 13.500h-3a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3M10 11l3-3-3-3M13 8H6" />,
  fold: <path d="M3.500 3h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM6 3v10" />,
  bars: <path d="M3 13V7M6.300 13V3M9.700 13V9M13 13V5.500" />,
  disk: (
    <>
      <ellipse cx="8" cy="4" rx="5" ry="1.700" />
      <path d="M3 4v8c0 1 2.200 1.700 5 1.700s5-.7 5-1.700V4M3 8c0 1 2.200 1.700 5 1.700S13 9 13 8" />
    </>
  ),
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof SHAPES;

/** Decoration: whatever it stands for is said in words by its neighbour or its button's label. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className={classes.icon} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}
