import { expect, test } from '../harness/console.ts';

const IMAGES = new URL('../../docs/images/', import.meta.url).pathname;

test.use({ colorScheme: 'light', viewport: { width: 1440, height: 900 }, timezoneId: 'Europe/Berlin' });

/** The two pictures of the README, from demo traffic. */
test('overview', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible();
  await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
  await expect(page.locator('main canvas, main svg[role=img]').first()).toBeVisible();
  await page.screenshot({ path: `${IMAGES}overview.png` });
});

test('views', async ({ page }) => {
  await page.goto('/explore/view');
  const row = page.getByRole('row').nth(6);
  await row.click();
  await expect(page.getByRole('complementary').or(page.getByRole('dialog')).first()).toBeVisible();
  await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
  await page.screenshot({ path: `${IMAGES}views.png` });
});
