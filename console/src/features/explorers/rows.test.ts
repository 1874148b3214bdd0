import { expect, test } from 'vitest';
import { parseKey, rowsOf } from './rows.ts';

test('a row knows its values by name and its own address', () => {
  const page = {
    columns: [
      { name: 'app_id', type: 'string', unit: null },
      { name: 'event_id', type: 'string', unit: null },
      { name: 'time', type: 'timestamp', unit: null },
    ],
    rows: [['shop', 'a:b', '2026-11-21T00:00:00Z']],
    total: 1,
    next_cursor: null,
    snapshot: 's',
    sql: '',
    elapsed_ms: 1,
  };
  const [row] = rowsOf([page]);
  expect(row).toMatchObject({ app: 'shop', id: 'a:b', key: 'shop:a:b' });
  expect(parseKey(row?.key ?? '')).toEqual({ app: 'shop', id: 'a:b' });
});

test('what is no address is none', () => {
  expect(parseKey('nothing')).toBeNull();
  expect(parseKey(':x')).toBeNull();
});
