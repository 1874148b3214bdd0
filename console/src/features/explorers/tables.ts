/** The explorers: one entry a table, and route, list, columns, drawer and links follow. */
import type { PlainKey } from '../../lib/text/catalogue.ts';

export interface ColumnLook {
  readonly name: string;
  /** Pixels; without one the column takes what is left. */
  readonly width?: number;
  /** Machine text: paths, ids. Cut in the middle. */
  readonly isCode?: boolean;
}

export interface Explorer {
  readonly table: string;
  readonly title: PlainKey;
  readonly one: PlainKey;
  /** Shown unless somebody chose others. */
  readonly columns: readonly ColumnLook[];
  /** The first present one names an event in its drawer. */
  readonly names: readonly string[];
}

const TIME: ColumnLook = { name: 'time', width: 176 };
const PAGE: ColumnLook = { name: 'view_url_path_group', width: 180, isCode: true };
const COUNTRY: ColumnLook = { name: 'country_code', width: 78 };
const BROWSER: ColumnLook = { name: 'browser_name', width: 120 };
const DEVICE: ColumnLook = { name: 'device_type', width: 88 };
const VERSION: ColumnLook = { name: 'version', width: 84 };

const EXPLORERS: readonly Explorer[] = [
  {
    table: 'session',
    title: 'explorers.session',
    one: 'explorers.one_session',
    columns: [
      TIME,
      { name: 'entry_view_url_path_group', isCode: true },
      { name: 'session_duration', width: 100 },
      { name: 'session_view_count', width: 84 },
      { name: 'session_action_count', width: 90 },
      { name: 'session_error_count', width: 84 },
      { name: 'user_id', width: 130 },
      COUNTRY,
      BROWSER,
      { name: 'os_name', width: 100 },
      DEVICE,
    ],
    names: ['session_id'],
  },
  {
    table: 'view',
    title: 'explorers.view',
    one: 'explorers.one_view',
    columns: [
      TIME,
      { name: 'view_url_path', isCode: true },
      COUNTRY,
      { name: 'largest_contentful_paint', width: 96 },
      { name: 'interaction_to_next_paint', width: 96 },
      { name: 'cumulative_layout_shift', width: 84 },
      { name: 'view_loading_time', width: 96 },
      { name: 'view_error_count', width: 84 },
      BROWSER,
      DEVICE,
      VERSION,
    ],
    names: ['view_url_path', 'view_name', 'view_url', 'view_id'],
  },
  {
    table: 'resource',
    title: 'explorers.resource',
    one: 'explorers.one_resource',
    columns: [
      TIME,
      { name: 'resource_method', width: 78 },
      { name: 'resource_url_path', isCode: true },
      { name: 'resource_type', width: 88 },
      { name: 'resource_status', width: 74 },
      { name: 'resource_duration', width: 96 },
      { name: 'resource_size', width: 90 },
      { name: 'resource_url_host', width: 180 },
      PAGE,
    ],
    names: ['resource_url_path', 'resource_url'],
  },
  {
    table: 'action',
    title: 'explorers.action',
    one: 'explorers.one_action',
    columns: [
      TIME,
      { name: 'action_type', width: 90 },
      { name: 'action_name' },
      { name: 'action_loading_time', width: 100 },
      { name: 'action_frustration_types', width: 150 },
      { name: 'action_error_count', width: 84 },
      PAGE,
      BROWSER,
      DEVICE,
    ],
    names: ['action_name', 'action_target_selector', 'action_type'],
  },
  {
    table: 'long_task',
    title: 'explorers.long_task',
    one: 'explorers.one_long_task',
    columns: [
      TIME,
      { name: 'long_task_duration', width: 100 },
      { name: 'long_task_blocking_duration', width: 100 },
      { name: 'long_task_top_script_url', isCode: true },
      { name: 'long_task_entry_type', width: 180 },
      PAGE,
      BROWSER,
      DEVICE,
    ],
    names: ['long_task_top_script_url', 'long_task_entry_type'],
  },
  {
    table: 'error',
    title: 'explorers.error',
    one: 'explorers.one_error',
    columns: [
      TIME,
      { name: 'error_type', width: 140 },
      { name: 'error_message' },
      { name: 'error_source', width: 90 },
      { name: 'error_handling', width: 96 },
      PAGE,
      BROWSER,
      VERSION,
    ],
    names: ['error_message', 'error_type'],
  },
  {
    table: 'vital',
    title: 'explorers.vital',
    one: 'explorers.one_vital',
    columns: [
      TIME,
      { name: 'vital_name' },
      { name: 'vital_type', width: 120 },
      { name: 'vital_duration', width: 100 },
      { name: 'vital_value', width: 90 },
      PAGE,
      BROWSER,
      DEVICE,
    ],
    names: ['vital_name'],
  },
];

export function explorerOf(table: string): Explorer | undefined {
  return EXPLORERS.find((explorer) => explorer.table === table);
}

const DEFAULT_WIDTH = 140;

/** The look of a column somebody added. */
export function lookOf(explorer: Explorer, name: string): ColumnLook {
  return explorer.columns.find((column) => column.name === name) ?? { name, width: DEFAULT_WIDTH };
}
