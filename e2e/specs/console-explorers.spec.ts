import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from '../harness/console.ts';

const TABLES = ['session', 'view', 'resource', 'action', 'long_task', 'error', 'vital'];

/** The number beside the list's name. */
function totalOf(page: Page) {
  return page.getByRole('status').filter({ has: page.getByRole('button', { name: /^Definition of/ }) });
}

test('a filter typed with completion narrows the list and can be taken away', async ({ page }) => {
  await page.goto('/explore/view');
  const total = totalOf(page);
  await expect(total).toBeVisible();
  const before = await total.innerText();
  await page.keyboard.press('/');
  await page.keyboard.type('device_ty');
  await expect(page.getByRole('option', { name: /^device_type/ })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('option', { name: /^mobile/ })).toBeVisible();
  await page.keyboard.type('mob');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/q=device_type:mobile/);
  await expect(total).not.toHaveText(before);
  const cells = page.getByRole('table').getByRole('cell', { name: 'desktop' });
  await expect(cells).toHaveCount(0);
  await page.getByRole('button', { name: 'Remove device_type:mobile' }).click();
  await expect(page).not.toHaveURL(/q=/);
});

test('completion offers only what the other terms and the environment leave', async ({ page }) => {
  /** Types a field's name with its colon; returns the values that the server was asked for. */
  const valuesAt = async (path: string, field: string) => {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
    const answer = page.waitForResponse((response) => response.url().endsWith('/api/v1/query'));
    await page.keyboard.press('/');
    await page.keyboard.type(`${field}:`);
    const { rows }: { rows: [string, number][] } = await (await answer).json();
    return rows.map(([value]) => value);
  };
  expect(await valuesAt('/explore/view?q=browser_name:Safari', 'os_name')).toEqual(['macOS']);
  await expect(page.getByRole('option')).toHaveText([/^macOS/]);
  expect(await valuesAt('/explore/view?env=nowhere', 'os_name')).toEqual([]);
  // A mistake elsewhere in the line does not take the values away.
  expect(await valuesAt('/explore/view?q=view_loading_time:%3Efast', 'os_name')).toContain('Windows');
  expect(await valuesAt('/?include=bots', 'browser_name')).toContain('Googlebot');
  expect(await valuesAt('/', 'browser_name')).not.toContain('Googlebot');
});

test('an edited term is no condition on its own values', async ({ page }) => {
  await page.goto('/explore/view?q=browser_name:Safari');
  await page.getByRole('button', { name: 'Edit browser_name:Safari' }).click();
  await expect(page.getByRole('option', { name: /^Mobile Safari/ })).toBeVisible();
});

test('a mistake keeps the list and is underlined at its place', async ({ page }) => {
  await page.goto('/explore/view');
  await expect(page.getByRole('row').nth(3)).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('contry:DE');
  await page.keyboard.press('Enter');
  await expect(page.locator('mark')).toHaveText('contry');
  await expect(page.getByRole('alert')).toContainText('contry');
  await expect(page.getByRole('row').nth(3)).toBeVisible();
});

test('the list goes on to its last row without a repeat', async ({ page }) => {
  await page.goto('/explore/session');
  const total = totalOf(page);
  const [, digits = ''] = /([\d,]+)/.exec(await total.innerText()) ?? [];
  const rows = Number(digits.replaceAll(',', ''));
  expect(rows).toBeGreaterThan(100);
  const table = page.getByRole('table');
  await expect(async () => {
    await table.hover();
    await page.mouse.wheel(0, 20_000);
    await expect(page.getByText(/^End of the list/)).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(table).toHaveAttribute('aria-rowcount', String(rows));
});

test('a row opens beside the list; j and k walk, Escape closes', async ({ page }) => {
  await page.goto('/explore/error');
  await page.getByRole('row').nth(1).click();
  const drawer = page.getByRole('complementary').filter({ has: page.getByRole('button', { name: 'Next row' }) });
  await expect(drawer.getByText('error_message', { exact: true })).toBeVisible();
  const first = page.url();
  await page.keyboard.press('j');
  await expect(page).not.toHaveURL(first);
  await page.keyboard.press('k');
  await expect(page).toHaveURL(first);
  await page.reload();
  await expect(drawer.getByText('error_message', { exact: true })).toBeVisible();
  await drawer.focus();
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
});

test('a field of an event becomes a filter', async ({ page }) => {
  await page.goto('/explore/view');
  await page.getByRole('row').nth(1).click();
  await page.getByRole('button', { name: 'Filter by browser_name' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/q=browser_name:/);
});

test('a head sorts the list', async ({ page }) => {
  await page.goto('/explore/view');
  await page.getByRole('button', { name: 'LCP' }).click();
  await expect(page).toHaveURL(/sort=-largest_contentful_paint/);
  await expect(page.getByRole('columnheader', { name: 'LCP' })).toHaveAttribute('aria-sort', 'descending');
});

test('an empty list names the term that leaves nothing', async ({ page }) => {
  await page.goto('/explore/view?q=device_type:mobile%20browser_name:Netscape');
  await page.getByRole('button', { name: 'Drop browser_name:Netscape' }).click();
  await expect(page).toHaveURL(/q=device_type:mobile$/);
  await expect(page.getByRole('row').nth(1)).toBeVisible();
});

for (const table of TABLES) {
  test(`every explorer answers and has nothing serious by axe: ${table}`, async ({ page }) => {
    await page.goto(`/explore/${table}`);
    await expect(totalOf(page)).toBeVisible();
    await expectAccessible(page);
  });
}
