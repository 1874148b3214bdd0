import { cp, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { Footfall } from './footfall.ts';

export { expect };

const OWNER = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery staple' };
const SESSIONS = Number(process.env.FOOTFALL_DEMO_SESSIONS ?? 400);
const DAYS = Number(process.env.FOOTFALL_DEMO_DAYS ?? 1);
/** A data folder without members, copied instead of sending demo traffic: filling one takes minutes. */
const DATA = process.env.FOOTFALL_DEMO_DATA;

interface WorkerFixtures {
  /** A server with demo traffic (a day of it, if the environment does not say more) and one member; tests only read from it. */
  demo: { footfall: Footfall; storage: Awaited<ReturnType<BrowserContext['storageState']>> };
}

interface Fixtures {
  footfall: Footfall;
}

/** Tests of the console: `page` is signed in, on a server with demo traffic. Errors in its log fail the test. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  demo: [
    async ({ browser }, use, workerInfo) => {
      const folder = `${workerInfo.project.outputDir}/demo-${workerInfo.workerIndex}`;
      await mkdir(folder, { recursive: true });
      if (DATA !== undefined) await cp(DATA, `${folder}/data`, { recursive: true });
      const footfall = await Footfall.start(folder, { FOOTFALL_CREATE_APPLICATIONS: 'true' });
      if (DATA === undefined) await footfall.demo(SESSIONS, DAYS);
      const page = await browser.newPage();
      await setUp(page, footfall);
      const storage = await page.context().storageState();
      await page.close();
      await use({ footfall, storage });
      if (footfall.running) await footfall.stop();
    },
    { scope: 'worker', timeout: 180_000 + SESSIONS * 10 },
  ],
  footfall: async ({ demo }, use) => use(demo.footfall),
  baseURL: async ({ demo }, use) => use(demo.footfall.url),
  storageState: async ({ demo }, use) => use(demo.storage),
  viewport: { width: 1440, height: 900 },
  locale: 'en-GB',
  timezoneId: 'Asia/Kolkata',
  page: async ({ page }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      // The browser itself logs refused requests; tests of errors provoke those.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        errors.push(message.text());
    });
    await use(page);
    expect(errors, 'errors in the browser').toEqual([]);
  },
});

/** Makes the first administrator through the printed link. */
async function setUp(page: Page, footfall: Footfall): Promise<void> {
  if (footfall.setupLink === undefined) throw new Error('the server printed no link for the first administrator');
  const answer = await page.request.post(`${footfall.url}/api/v1/setup`, {
    headers: { 'x-footfall-console': '1' },
    data: { token: new URL(footfall.setupLink).searchParams.get('token'), ...OWNER },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Nothing serious by axe. The policy of the page forbids foreign scripts in elements, so it is evaluated, not inserted. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = await page.evaluate(async () => {
    const axe: { run: () => Promise<{ violations: Violation[] }> } = Reflect.get(window, 'axe');
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
  });
  expect(found, 'serious findings of axe').toEqual([]);
}

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[] }[];
}
