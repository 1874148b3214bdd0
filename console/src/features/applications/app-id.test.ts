import { expect, test } from 'vitest';
import { appIdOf } from './app-id.ts';

function check(name: string, id: string) {
  expect(appIdOf(name)).toBe(id);
}

test('words are joined', () => check('  Seller portal (EU) ', 'seller_portal_eu'));
test('accents go, letters stay', () => check('Café Zürich', 'cafe_zurich'));
test('a name without Latin letters leaves it to the server', () => check('店铺', ''));
