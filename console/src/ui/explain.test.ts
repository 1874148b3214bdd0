import { expect, test } from 'vitest';
import { Problem } from '../api/problem.ts';
import { texts } from '../lib/text/catalogue.ts';
import type { Language } from '../lib/text/message.ts';
import { explain } from './explain.ts';

function check(document: ConstructorParameters<typeof Problem>[1], language: Language, detail: string, help?: string) {
  expect(explain(new Problem(400, document), texts(language), language)).toEqual({ detail, help });
}

const wrong = {
  code: 'wrong_credentials',
  title: 'The e-mail is wrong',
  detail: 'the e-mail is wrong',
  help: 'Try again.',
};

test('English is what the server says', () => check(wrong, 'en', 'The e-mail is wrong.', 'Try again.'));
test('a kind that says all stands alone', () => check(wrong, 'zh', '邮箱或密码错误。'));
test('what the server adds to the kind stays', () =>
  check({ ...wrong, detail: 'found `fast`' }, 'zh', '邮箱或密码错误。', 'Found `fast`.'));
test('help about a place in the text stays, too', () =>
  check(
    { ...wrong, code: 'search_syntax', detail: 'found `fast`', position: { start: 1, end: 2 } },
    'zh',
    '无法解析筛选条件。',
    'Found `fast`. Try again.',
  ));
test('a code that only the server knows is shown in its words', () =>
  check({ ...wrong, code: 'constructor' }, 'zh', 'The e-mail is wrong.', 'Try again.'));
