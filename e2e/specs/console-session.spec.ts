import { expect, expectAccessible, test } from '../harness/console.ts';

test('from a list to a session, to its error, to all errors like it', async ({ page }) => {
  await page.goto('/explore/session?q=session_error_count:%3E0');
  await page.getByRole('row').nth(1).click();
  await page.getByRole('link', { name: 'Open the session' }).click();
  await expect(page).toHaveURL(/\/sessions\//);
  await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
  await page.getByRole('radiogroup', { name: 'Kind of event' }).getByText('Errors').click();
  await page.getByRole('table', { name: 'Events' }).getByRole('row').nth(1).click();
  await expect(page).toHaveURL(/event=error:/);
  await expect(page.getByText('error_message', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Filter by error_source' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/explore\/error\?.*q=error_source:/);
  await expect(page.getByRole('row').nth(1)).toBeVisible();
});

test('a view chosen on the axis shows its own requests', async ({ page, footfall }) => {
  const [row = {}] = await footfall.query(
    'SELECT session_id, app_id FROM session WHERE session_view_count > 2 AND session_resource_count > 10 ORDER BY time DESC LIMIT 1',
  );
  await page.goto(`/sessions/${row.session_id}?app=${row.app_id}`);
  const views = page.locator('button[aria-pressed]');
  await views.nth(1).click();
  await expect(page).toHaveURL(/view=/);
  await expect(views.nth(1)).toHaveAttribute('aria-pressed', 'true');
  await expectAccessible(page);
});

test('the timeline marks how the views rated', async ({ page, footfall }) => {
  const [row = {}] = await footfall.query(
    'SELECT session_id, app_id FROM session WHERE session_lcp_p75 IS NOT NULL AND session_view_count > 2 ORDER BY time DESC LIMIT 1',
  );
  await page.goto(`/sessions/${row.session_id}?app=${row.app_id}`);
  const mark = page.locator('[data-rating] svg').first();
  await expect(mark).toBeVisible();
  expect((await mark.boundingBox())?.width).toBe(10);
});

test('a session that is not there says so', async ({ page }) => {
  await page.goto('/sessions/nobody');
  await expect(page.getByText('There is no such session')).toBeVisible();
});
