import { mkdir } from 'node:fs/promises';
import { type Browser, test as base, expect, type Page } from '@playwright/test';
import { Footfall } from '../harness/footfall.ts';

const OWNER = { name: 'Ada Byron', email: 'ada@example.com', password: 'correct horse battery' };

/** An empty server of the test's own, which nobody has signed in to yet. */
const test = base.extend<{ footfall: Footfall }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off this pattern.
  footfall: async ({}, use, testInfo) => {
    const folder = testInfo.outputPath('footfall');
    await mkdir(folder, { recursive: true });
    const footfall = await Footfall.start(folder);
    await use(footfall);
    if (footfall.running) await footfall.stop();
  },
  baseURL: async ({ footfall }, use) => use(footfall.url),
  locale: 'en-GB',
});

async function setUp(page: Page, footfall: Footfall): Promise<void> {
  await page.goto(footfall.setupLink ?? '');
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Create owner' }).click();
  await expect(page.getByRole('heading', { name: 'New application' })).toBeVisible();
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Somebody else's browser. */
async function stranger(browser: Browser, footfall: Footfall): Promise<Page> {
  const context = await browser.newContext({ baseURL: footfall.url, locale: 'en-GB' });
  return context.newPage();
}

/** Invites by the form and returns the link. */
async function invite(page: Page, email: string, role: string): Promise<string> {
  await page.goto('/settings/members');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('combobox', { name: 'Role', exact: true }).click();
  await page.getByRole('option', { name: role, exact: true }).click();
  await page.getByRole('button', { name: 'Make invitation link' }).click();
  return page.getByRole('status', { name: 'Invitation link' }).innerText();
}

async function join(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
}

test('the printed link makes the first owner, once', async ({ page, footfall, browser }) => {
  await setUp(page, footfall);
  const other = await stranger(browser, footfall);
  await other.goto(footfall.setupLink ?? '');
  await expect(other.getByText('This server is set up already.')).toBeVisible();
});

test('without the link nobody becomes owner', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/setup$/);
  await expect(page.getByText('Open the link that the server printed')).toBeVisible();
});

test('sign-in leads to where one wanted to go, a wrong password does not', async ({ page, footfall, browser }) => {
  await setUp(page, footfall);
  const other = await stranger(browser, footfall);
  await other.goto('/explore/view?q=country_code:DE');
  await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await signIn(other, OWNER.email, 'wrong horse battery');
  await expect(other.getByRole('alert')).toBeVisible();
  await signIn(other, OWNER.email, OWNER.password);
  await expect(other).toHaveURL(/\/explore\/view\?q=country_code:DE$/);
});

test('signing out shows nothing more, also by the back button', async ({ page, footfall }) => {
  await setUp(page, footfall);
  await page.goto('/settings/profile');
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('a viewer joins by invitation and finds no entry of admins', async ({ page, footfall, browser }) => {
  await setUp(page, footfall);
  const link = await invite(page, 'vera@example.com', 'Viewer');
  const viewer = await stranger(browser, footfall);
  await join(viewer, link, 'Vera');
  const navigation = viewer.getByRole('navigation', { name: 'Main' }).first();
  await expect(navigation.getByRole('link', { name: 'Members' })).toBeVisible();
  await expect(navigation.getByRole('link', { name: 'API keys' })).toHaveCount(0);
  await viewer.goto('/settings/audit');
  await expect(viewer.getByText('This page is for admins.')).toBeVisible();
});

test('a new API key is shown once', async ({ page, footfall }) => {
  await setUp(page, footfall);
  await page.goto('/settings/api-keys');
  await page.getByLabel('What is it for?').fill('nightly report');
  await page.getByRole('button', { name: 'Create key' }).click();
  const secret = await page.getByRole('status', { name: 'Key' }).innerText();
  const answer = await fetch(`${footfall.url}/api/v1/applications`, { headers: { Authorization: `Bearer ${secret}` } });
  expect(answer.status).toBe(200);
  await page.reload();
  await expect(page.getByRole('cell', { name: 'nightly report' })).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
});

test('deleting an application takes its name and gives a receipt', async ({ page, footfall }) => {
  await setUp(page, footfall);
  const { appId } = await footfall.createApplication();
  await page.goto(`/applications/${appId}/settings`);
  await page.getByRole('button', { name: 'Delete application' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete application' });
  const confirm = dialog.getByRole('button', { name: 'Delete application' });
  await expect(confirm).toBeDisabled();
  await dialog.getByLabel('Type Shop to confirm').fill('Shop');
  await confirm.click();
  await expect(page.getByText('Deleted. Its data goes in the background.')).toBeVisible();
  await expect(page.getByRole('definition').filter({ hasText: appId })).toBeVisible();
});
