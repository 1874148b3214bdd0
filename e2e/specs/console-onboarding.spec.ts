import { mkdir } from 'node:fs/promises';
import { test as base, expect, type Page } from '@playwright/test';
import { expectAccessible } from '../harness/console.ts';
import { type Application, Footfall } from '../harness/footfall.ts';
import { DD_RUM_5, DD_RUM_7, OPENOBSERVE, type Sdk } from '../harness/sdks.ts';
import { ShopServer } from '../harness/shop-server.ts';
import { BROWSER } from '../harness/test.ts';
import { Visit } from '../harness/visit.ts';

interface Fixtures {
  footfall: Footfall;
  application: Application;
  /** Opens a shop in another tab of the same browser; options of its SDK may be wrong. */
  openShop: (sdk: Sdk, wrong?: Partial<Application>) => Promise<Visit>;
}

/** One's own server and browser: the console in one tab, the shop in another. */
const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off this pattern.
  footfall: async ({}, use, testInfo) => {
    const folder = testInfo.outputPath('footfall');
    await mkdir(folder, { recursive: true });
    const footfall = await Footfall.start(folder);
    await use(footfall);
    if (footfall.running) await footfall.stop();
  },
  application: async ({ footfall }, use) => use(await footfall.createApplication()),
  baseURL: async ({ footfall }, use) => use(footfall.url),
  locale: 'en-GB',
  userAgent: BROWSER.userAgent,
  openShop: async ({ footfall, application, context }, use) => {
    const shops: ShopServer[] = [];
    await use(async (sdk, wrong = {}) => {
      const shop = await ShopServer.start(sdk, {
        collector: footfall.url,
        ...application,
        ...wrong,
        transport: 'forwarded',
        compress: false,
        replay: false,
      });
      shops.push(shop);
      return new Visit(await context.newPage(), sdk, shop, footfall.url);
    });
    for (const shop of shops) await shop.stop();
  },
});

async function openOnboarding(page: Page, footfall: Footfall, { appId }: Application): Promise<void> {
  const token = new URL(footfall.setupLink ?? '').searchParams.get('token');
  const answer = await page.request.post('/api/v1/setup', {
    headers: { 'x-footfall-console': '1' },
    data: { token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery staple' },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  await page.goto(`/applications/${appId}/onboarding`);
  await expect(page.getByRole('heading', { name: `Listening for ${appId}` })).toBeVisible();
}

/** A short visit; leaving makes the SDK send what it has. */
async function pass(visit: Visit): Promise<void> {
  await visit.enter();
  await visit.leave();
}

for (const sdk of [DD_RUM_5, DD_RUM_7, OPENOBSERVE]) {
  test(`the own visit with ${sdk.name} appears`, async ({ page, footfall, application, openShop }, testInfo) => {
    await openOnboarding(page, footfall, application);
    const visit = await openShop(sdk);
    await visit.enter();
    await visit.leave();
    const sent = Date.now();
    await expect(page.getByText('Chrome, Linux · you')).toBeVisible();
    testInfo.annotations.push({ type: 'from the request to the screen', description: `${Date.now() - sent} ms` });
    await page.getByRole('link', { name: 'Open this session' }).click();
    await expect(page).toHaveURL(/\/sessions\/[0-9a-f-]{36}/);
  });
}

test('a wrong token is named, with what to do', async ({ page, footfall, application, openShop }) => {
  await openOnboarding(page, footfall, application);
  await pass(await openShop(DD_RUM_7, { token: 'pub00000000000000000000000000000000' }));
  await expect(page.getByText('Refused: unknown client token.')).toBeVisible();
  await expect(page.getByText(`Copy a token of ${application.appId}`)).toBeVisible();
});

test('an application id that is not here is named, with what to do', async ({
  page,
  footfall,
  application,
  openShop,
}) => {
  await openOnboarding(page, footfall, application);
  await pass(await openShop(DD_RUM_7, { appId: 'nobody_knows_it' }));
  await expect(page.getByText(/Refused: (unknown application|token of another application)\./)).toBeVisible();
  await expect(page.getByText('nobody_knows_it')).toBeVisible();
});

test('a wrong origin is added by one click, and the next visit arrives', async ({
  page,
  footfall,
  application,
  openShop,
}) => {
  await footfall.allowOrigins(application.appId, ['https://shop.example']);
  await openOnboarding(page, footfall, application);
  const visit = await openShop(DD_RUM_7);
  await pass(visit);
  await expect(page.getByText('Refused: origin not allowed.')).toBeVisible();
  await expect(page.getByText(visit.shop.origin)).toBeVisible();
  await page.getByRole('button', { name: 'Add this origin' }).click();
  await expect(page.getByText('Refused: origin not allowed.')).toHaveCount(0);
  await pass(visit);
  await expect(page.getByRole('link', { name: 'Open this session' })).toBeVisible();
});

test('a preflight without a request is told apart from silence', async ({ page, footfall, application }) => {
  await openOnboarding(page, footfall, application);
  await fetch(`${footfall.url}/api/v2/rum?ddsource=browser&dd-api-key=${application.token}`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' },
  });
  await expect(page.getByText('The browser asked whether it may send, but sent nothing.')).toBeVisible();
});

test('the snippet holds the real values and follows the choice of SDK', async ({ page, footfall, application }) => {
  await openOnboarding(page, footfall, application);
  const snippet = page.getByRole('region', { name: 'Snippet' });
  await expect(snippet).toContainText(`applicationId: '${application.appId}'`);
  await expect(snippet).toContainText(`clientToken: '${application.token}'`);
  await expect(snippet).toContainText(`proxy: '${footfall.url}/forward'`);
  await page.getByRole('button', { name: 'OpenObserve' }).click();
  await expect(snippet).toContainText(`site: '${new URL(footfall.url).host}'`);
  await expect(snippet).toContainText('insecureHTTP: true');
  await page.getByRole('button', { name: /^DataKit/ }).click();
  await expect(snippet).toHaveCount(0);
  await expect(page.getByText('DataKit comes later')).toBeVisible();
});

test('the test page makes a visit, and nothing but this server is asked', async ({ page, footfall, application }) => {
  await openOnboarding(page, footfall, application);
  const opening = page.waitForEvent('popup');
  await page.getByRole('link', { name: 'Open the test page' }).click();
  const visitor = await opening;
  const asked = new Set<string>();
  visitor.on('request', (request) => asked.add(new URL(request.url()).origin));
  const refused: string[] = [];
  visitor.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) refused.push(message.text());
  });
  await expect(visitor.getByRole('heading', { name: 'Test page of Shop' })).toBeVisible();
  for (const name of ['Click', 'Make a request', 'Block for 200 ms', 'Throw an error'])
    await visitor.getByRole('button', { name, exact: true }).click();
  await expect(visitor.getByText('4 actions so far')).toBeVisible();
  await expectAccessible(visitor);
  await visitor.getByRole('link', { name: 'See it arrive' }).click();
  await expect(page.getByText('Chrome, Linux · you')).toBeVisible();
  await expect(page.getByText('/test-page/')).toBeVisible();
  await expect
    .poll(async () => {
      const [row] = await footfall.query(
        `SELECT env, view_url_path, view_error_count AS errors, (SELECT count(*) FROM action) > 3 AS acts,
         (SELECT count(*) FROM resource WHERE resource_url LIKE '%/healthz') AS requests FROM view`,
      );
      return row;
    })
    .toMatchObject({
      env: 'test',
      view_url_path: `/test-page/${application.appId}`,
      errors: 1,
      acts: true,
      requests: 1,
    });
  expect([...asked]).toEqual([footfall.url]);
  expect(refused).toEqual([]);
  expect((await visitor.context().cookies()).map(({ name }) => name)).toEqual(['footfall_session']);
});
