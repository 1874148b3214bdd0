import { Button, Popover, Select, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { PlainKey } from '../lib/text/catalogue.ts';
import { formatRange } from '../lib/time/format.ts';
import { describeRange, parseTypedRange, RANGE_PRESETS, type TimeRange, type TypedRange } from '../lib/time/range.ts';
import { instantOf, viewerZone, wallOf, zoneLabel } from '../lib/time/zone.ts';
import { useTimeContext } from '../ui/format.tsx';
import { Icon } from '../ui/Icon.tsx';
import { useText } from '../ui/language.tsx';
import { useScope, useSetScope } from '../ui/scope.tsx';
import classes from './RangePicker.module.css';

const REASONS: Record<Extract<TypedRange, { ok: false }>['reason'], PlainKey> = {
  unreadable: 'shell.range_unreadable',
  reversed: 'shell.range_reversed',
  future: 'shell.range_future',
  no_end: 'shell.range_no_end',
};

export function RangePicker() {
  const text = useText();
  const scope = useScope();
  const context = useTimeContext();
  const setScope = useSetScope();
  const [isOpen, setOpen] = useState(false);
  const name = describeRange(scope.range, context);
  const dates = formatRange(scope.fromMs, scope.toMs, context);
  const zone = zoneLabel(scope.toMs, scope.timeZone);
  const choose = (range: TimeRange) => {
    setScope({ range });
    setOpen(false);
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={360} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <button type="button" className={classes.button} aria-haspopup="dialog" onClick={() => setOpen(!isOpen)}>
          <Icon name="clock" />
          <span className="ff-hidden">{text('shell.range')}</span>
          {scope.range.kind === 'relative' && <span>{name}</span>}
          <span className={scope.range.kind === 'relative' ? classes.dates : classes.only}>
            {dates} · {zone}
          </span>
          <Icon name="down" size={14} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown ?? ''}>
        <TypedForm onChoose={choose} />
        <div className={classes.title}>{text('shell.range_presets')}</div>
        <div className={classes.presets}>
          {RANGE_PRESETS.map((preset) => {
            const range: TimeRange = { kind: 'relative', text: preset };
            const isCurrent = scope.range.kind === 'relative' && scope.range.text === preset;
            return (
              <button
                type="button"
                key={preset}
                className={classes.preset}
                aria-pressed={isCurrent}
                onClick={() => choose(range)}
              >
                {describeRange(range, context)}
              </button>
            );
          })}
        </div>
        <div className={classes.title}>{text('shell.range_absolute')}</div>
        <AbsoluteForm onChoose={choose} />
        <ZoneSelect />
      </Popover.Dropdown>
    </Popover>
  );
}

function TypedForm({ onChoose }: { onChoose: (range: TimeRange) => void }) {
  const text = useText();
  const { timeZone } = useScope();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<PlainKey | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const parsed = parseTypedRange(typed, Date.now(), timeZone);
    if (parsed.ok) onChoose(parsed.range);
    else setError(REASONS[parsed.reason]);
  };
  return (
    <form onSubmit={submit}>
      <TextInput
        label={text('shell.range_typed')}
        placeholder={text('shell.range_placeholder')}
        value={typed}
        error={error === null ? undefined : text(error)}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setError(null);
        }}
        autoComplete="off"
        data-autofocus
      />
    </form>
  );
}

const two = (value: number) => String(value).padStart(2, '0');

/** What a `datetime-local` field holds, in the chosen zone. */
function localOf(ms: number, zone: string): string {
  const { year, month, day, hour, minute } = wallOf(ms, zone);
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

function instantOfLocal(local: string, zone: string): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = local.split(/[-T:]/).map(Number);
  return instantOf({ year, month, day, hour, minute, second: 0 }, zone);
}

function AbsoluteForm({ onChoose }: { onChoose: (range: TimeRange) => void }) {
  const text = useText();
  const { fromMs, toMs, timeZone } = useScope();
  const [from, setFrom] = useState(() => localOf(fromMs, timeZone));
  const [to, setTo] = useState(() => localOf(toMs, timeZone));
  const [isReversed, setReversed] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const range = { kind: 'absolute', from: instantOfLocal(from, timeZone), to: instantOfLocal(to, timeZone) } as const;
    if (range.from < range.to) onChoose(range);
    else setReversed(true);
  };
  return (
    <form onSubmit={submit} className={classes.absolute}>
      <TextInput
        type="datetime-local"
        label={text('shell.range_from')}
        value={from}
        withAsterisk={false}
        onChange={(event) => setFrom(event.currentTarget.value)}
        required
      />
      <TextInput
        type="datetime-local"
        label={text('shell.range_to')}
        value={to}
        withAsterisk={false}
        error={isReversed ? text('shell.range_reversed') : undefined}
        onChange={(event) => {
          setTo(event.currentTarget.value);
          setReversed(false);
        }}
        required
      />
      <Button type="submit">{text('shell.apply')}</Button>
    </form>
  );
}

function ZoneSelect() {
  const text = useText();
  const navigate = useNavigate();
  const { timeZone } = useScope();
  const own = viewerZone();
  const zones = [...new Set([own, 'UTC', timeZone, ...Intl.supportedValuesOf('timeZone')])];
  return (
    <Select
      label={text('shell.time_zone')}
      data={zones}
      value={timeZone}
      searchable
      allowDeselect={false}
      limit={200}
      comboboxProps={{ withinPortal: false }}
      onChange={(zone) => {
        const tz = zone === null || zone === own ? undefined : zone;
        void navigate({ to: '.', search: (search: object) => ({ ...search, tz }) });
      }}
    />
  );
}
