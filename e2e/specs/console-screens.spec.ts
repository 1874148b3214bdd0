import { expect, expectAccessible, test } from '../harness/console.ts';

/** The screens beside those with specs of their own, by the heading that says one is there. */
const SCREENS = [
  { path: '/applications', heading: 'Applications' },
  { path: '/applications/new', heading: 'New application' },
  { path: '/intake', heading: 'Intake health' },
  { path: '/status', heading: 'Status' },
  { path: '/settings/profile', heading: 'Profile' },
  { path: '/settings/members', heading: 'Members' },
  { path: '/settings/api-keys', heading: 'API keys' },
  { path: '/settings/audit', heading: 'Audit' },
];

const SIZES = [
  { name: 'wide', viewport: { width: 1440, height: 900 } },
  { name: 'narrow', viewport: { width: 390, height: 844 } },
];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const { name, viewport } of SIZES) {
    test.describe(`${colorScheme}, ${name}`, () => {
      test.use({ colorScheme, viewport });

      for (const { path, heading } of SCREENS) {
        test(`${path} is there, accessible, and not wider than the window`, async ({ page }, testInfo) => {
          await page.goto(path);
          await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible();
          await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
          await expectAccessible(page);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
          await testInfo.attach('screenshot', { body: await page.screenshot(), contentType: 'image/png' });
        });
      }
    });
  }
}

test('the list of applications shows the last day of each', async ({ page, footfall }) => {
  const [row = {}] = await footfall.query("SELECT count(*) AS n FROM action WHERE app_id = 'demo_docs'");
  await page.goto('/applications');
  const course = page.getByRole('row', { name: /demo_docs/ }).getByText(/events in 24 hours$/);
  await expect(course).toBeAttached();
  const n = Number((await course.innerText()).replaceAll(/\D/g, '').slice(0, -2));
  expect(n).toBeGreaterThan(Number(row.n));
});

test('on a phone a token is a card of named facts, none of them cut off', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/applications/demo_shop/settings');
  const around = page.getByRole('table', { name: 'Client tokens' }).locator('..');
  await expect(around.getByRole('button', { name: 'Rotate' }).first()).toBeVisible();
  // Nothing to scroll to sideways.
  expect(await around.evaluate((box) => box.scrollWidth <= box.clientWidth)).toBe(true);
});

test('the palette leaves the screen behind it in sight', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Go to' })).toBeVisible();
  const layer = page.getByRole('dialog').locator('..');
  expect(await layer.evaluate((element) => getComputedStyle(element).backgroundColor)).toBe('rgba(0, 0, 0, 0)');
});

test('every screen can be reached by keyboard through the palette', async ({ page }) => {
  await page.goto('/');
  // Keys before the screen is there go nowhere.
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to' }).fill('intake');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/intake/);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page).toHaveURL(/\/applications/);
});

test('the language switches the whole screen, and stays', async ({ page }) => {
  await page.goto('/applications');
  await page.getByRole('button', { name: /^Language/ }).click();
  await page.getByRole('menuitem', { name: '中文' }).click();
  await expect(page.getByRole('heading', { name: '应用', level: 1 })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await page.reload();
  await expect(page.getByRole('heading', { name: '应用', level: 1 })).toBeVisible();
});

test('a typed range stands in the address and survives a reload', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Time range/ }).click();
  await page.getByLabel('Type a range').fill('last 3 days');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/range=3d/);
  await page.reload();
  await expect(page.getByRole('button', { name: /^Time range Last 3 days/ })).toBeVisible();
});

test('an address without a screen says so and leads back', async ({ page }) => {
  await page.goto('/nowhere');
  await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to overview' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
});
