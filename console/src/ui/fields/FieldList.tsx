import { ActionIcon, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import { columnsOf, type Dictionary, dictionaryQuery } from '../../api/dictionary.ts';
import { CopyButton } from '../CopyButton.tsx';
import { copyText } from '../clipboard.ts';
import { Icon } from '../Icon.tsx';
import { useText } from '../language.tsx';
import { useShortcut } from '../shortcuts.tsx';
import classes from './FieldList.module.css';
import { FieldValue } from './FieldValue.tsx';

interface FieldListProps {
  table: string;
  /** Columns that have a value. */
  values: Readonly<Record<string, unknown>>;
  /** What no column takes; filtered by as `@name`. */
  attributes: unknown;
  onFilter: (field: string, value: string) => void;
  onExclude: (field: string, value: string) => void;
  /** So many are shown until one asks for all, or searches. */
  atFirst?: number;
  /** A value that leads somewhere, or null. */
  link?: (name: string, value: unknown) => ReactNode;
}

interface Entry {
  /** As the search knows it. */
  readonly field: string;
  readonly value: unknown;
  readonly raw: string;
  readonly column: {
    readonly type?: string | undefined;
    readonly unit?: string | null | undefined;
    readonly doc?: string;
  };
}

/** Longer texts, and those of several lines, get a block of their own. */
const LONG = 80;

/** All fields of an event. The focused one is filtered by with `f`, excluded with `-`, copied with `c`. */
export function FieldList({ table, values, attributes, onFilter, onExclude, atFirst, link }: FieldListProps) {
  const text = useText();
  const dictionary = useQuery(dictionaryQuery);
  const [needle, setNeedle] = useState('');
  const [isWhole, setWhole] = useState(atFirst === undefined);
  const [focused, setFocused] = useState<string | null>(null);
  const columns = useMemo(
    () => new Map(columnsOf(dictionary.data, table).map((column) => [column.name, column])),
    [dictionary.data, table],
  );
  const isCommon = useMemo(() => commonOf(dictionary.data), [dictionary.data]);
  const ordered = Object.entries(values).sort(([a], [b]) => rankOf(a, isCommon) - rankOf(b, isCommon));
  const entries: Entry[] = [
    ...ordered.map(([name, value]) => ({
      field: name,
      value,
      raw: rawOf(value),
      column: columns.get(name) ?? {},
    })),
    ...Object.entries(isSet(attributes) ? attributes : {}).map(([name, value]) => ({
      field: attributeField(name),
      value,
      raw: rawOf(value),
      column: {},
    })),
  ];
  const wanted = needle.trim().toLowerCase();
  const found = entries.filter(
    ({ field, raw }) => wanted === '' || field.toLowerCase().includes(wanted) || raw.toLowerCase().includes(wanted),
  );
  const shown = isWhole || wanted !== '' ? found : found.slice(0, atFirst);
  const entry = entries.find(({ field }) => field === focused);
  const isActive = entry !== undefined;
  useShortcut('filter_by', () => entry && onFilter(entry.field, entry.raw), isActive);
  useShortcut('exclude', () => entry && onExclude(entry.field, entry.raw), isActive);
  useShortcut('copy', () => entry && void copyText(entry.raw), isActive);

  return (
    <div>
      <TextInput
        className={classes.find ?? ''}
        aria-label={text('common.find_field')}
        placeholder={text('common.find_field')}
        leftSection={<Icon name="search" size={14} />}
        value={needle}
        onChange={(event) => setNeedle(event.currentTarget.value)}
      />
      {shown.length === 0 && <p className={classes.none}>{text('common.no_field')}</p>}
      <dl className={classes.list} onBlur={() => setFocused(null)}>
        {shown.map(({ field, value, raw, column }) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the keys f, - and c act on the focused field
          <div
            key={field}
            className={classes.row}
            data-long={isLong(raw) || undefined}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
            tabIndex={0}
            onFocus={() => setFocused(field)}
          >
            <dt title={column.doc}>{field}</dt>
            <dd>
              {isLong(raw) ? (
                <pre className={classes.long}>{raw}</pre>
              ) : (
                <span className={classes.value}>
                  {link?.(field, value) ?? (
                    <FieldValue name={field} value={value} column={column} isCode={isPath(field)} />
                  )}
                </span>
              )}
              <span className={classes.actions}>
                <Act
                  icon="filter"
                  label={text('common.filter_by_field', { field })}
                  onClick={() => onFilter(field, raw)}
                />
                <Act
                  icon="minus"
                  label={text('common.exclude_field', { field })}
                  onClick={() => onExclude(field, raw)}
                />
                <CopyButton value={raw} label={text('common.copy_field', { field })} isIcon />
              </span>
            </dd>
          </div>
        ))}
      </dl>
      {shown.length < found.length && (
        <button type="button" className={classes.more} onClick={() => setWhole(true)}>
          {text('common.more_fields', { n: found.length - shown.length })}
        </button>
      )}
    </div>
  );
}

function Act({ icon, label, onClick }: { icon: 'filter' | 'minus'; label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} size={14} />
    </ActionIcon>
  );
}

function isSet(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Columns that every table has: they describe the visitor, not the event. */
function commonOf(dictionary: Dictionary | undefined): (name: string) => boolean {
  const [first, ...rest] = (dictionary?.tables ?? []).map(
    (entry) => new Set(entry.columns.map((column) => column.name)),
  );
  return (name) => first?.has(name) === true && rest.every((names) => names.has(name));
}

/** When it was, what the table itself says, then what is said of every event. */
function rankOf(name: string, isCommon: (name: string) => boolean): number {
  if (name === 'time') return 0;
  return isCommon(name) ? 2 : 1;
}

/** `@plan`; a name that is no plain word is quoted. */
function attributeField(name: string): string {
  const short = name.startsWith('context.') ? name.slice('context.'.length) : name;
  return /^[A-Za-z_][\w.$-]*$/.test(short) ? `@${short}` : `@"${short.replaceAll(/["\\]/g, '\\$&')}"`;
}

function rawOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.length === 1) return rawOf(value[0]);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isLong(raw: string): boolean {
  return raw.length > LONG || raw.includes('\n');
}

function isPath(field: string): boolean {
  return /(url|path|path_group|selector|referrer|host)$/.test(field);
}
