import { mkdir } from 'node:fs/promises';
import { test as base, chromium, expect } from '@playwright/test';
import { type Application, Footfall } from './footfall.ts';
import { freePort } from './ports.ts';
import type { Sdk } from './sdks.ts';
import { ShopServer } from './shop-server.ts';
import { Visit } from './visit.ts';

export { expect };

/** A headless browser says that it is one and is taken for a bot; this one says that it has a window. */
export const BROWSER = {
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  name: 'Chrome',
  majorVersion: '156',
  os: 'Linux',
};

/** How a shop is opened; what is left out is native paths, no compression, no replay. */
export interface ShopSettings {
  application: Application;
  transport?: 'native' | 'forwarded';
  compress?: boolean;
  replay?: boolean;
}

interface Fixtures {
  /** A server of the test's own. Unless the test ended it, it must stop cleanly. */
  footfall: Footfall;
  /** Prepares a shop with this SDK. */
  openShop: (sdk: Sdk, settings: ShopSettings) => Promise<Visit>;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off this pattern.
  footfall: async ({}, use, testInfo) => {
    const folder = testInfo.outputPath('footfall');
    await mkdir(folder, { recursive: true });
    const footfall = await Footfall.start(folder);
    await use(footfall);
    if (footfall.running) expect(await footfall.stop(), 'exit code after SIGTERM').toBe(0);
  },

  // Playwright keeps the pages of its own contexts visible for ever. Those of a browser's first context, joined with `noDefaults`, can
  // be hidden as a person hides them.
  page: async ({ launchOptions }, use) => {
    const port = await freePort();
    const launched = await chromium.launch({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), `--remote-debugging-port=${port}`, `--user-agent=${BROWSER.userAgent}`],
    });
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    const context = browser.contexts()[0];
    if (!context) throw new Error('the browser has no first context');
    await use(await context.newPage());
    await launched.close();
  },

  openShop: async ({ footfall, page }, use) => {
    const shops: ShopServer[] = [];
    await use(async (sdk, settings) => {
      const shop = await ShopServer.start(sdk, {
        collector: footfall.url,
        appId: settings.application.appId,
        token: settings.application.token,
        transport: settings.transport ?? 'native',
        compress: settings.compress ?? false,
        replay: settings.replay ?? false,
      });
      shops.push(shop);
      return new Visit(page, sdk, shop, footfall.url);
    });
    for (const shop of shops) await shop.stop();
  },
});
