import { sentAccount, storedAccount } from '../harness/account.ts';
import { DD_RUM_5, SDKS } from '../harness/sdks.ts';
import { BROWSER, expect, test } from '../harness/test.ts';

const BUTTONS = ['Load stock', 'Load prices', 'Load reviews', 'Throw', 'Reject', 'Complain', 'Buy'];
const ROUTES = ['Products', 'Basket', 'Thanks'];

for (const sdk of SDKS) {
  test(`a whole visit with ${sdk.name} is found by SQL as the page recorded it`, async ({ footfall, openShop }) => {
    const application = await footfall.createApplication();
    const visit = await openShop(sdk, { application });
    const { origin, refusedOrigin } = visit.shop;

    await visit.enter();
    await visit.request('Load stock', '/api/stock answered 200');
    await visit.request('Load prices', '/api/broken answered 500');
    await visit.request('Load reviews', `${refusedOrigin}/reviews did not answer`);
    for (const name of ['Throw', 'Reject', 'Complain', 'Buy']) await visit.press(name);
    for (const name of ROUTES) await visit.follow(name);
    const requests = [`200 ${origin}/api/stock`, `500 ${origin}/api/broken`, `0 ${refusedOrigin}/reviews`];
    await visit.waitForSent('resource', requests, ({ resource }) => `${resource?.status_code} ${resource?.url}`);
    await visit.waitForSent('action', [...BUTTONS, ...ROUTES, 'bought'], ({ action }) => action?.target?.name);
    const errors = ['the basket is empty', 'the voucher has expired', expect.stringContaining('the stock is low')];
    await visit.waitForSent('error', errors, ({ error }) => error?.message);
    await visit.hide();
    await visit.show();
    await visit.leave();

    const sent = sentAccount(await visit.sent());
    await expect.poll(() => storedAccount(footfall)).toEqual(sent);

    await test.step('views are the routes in their order', async () => {
      const views = await footfall.query(
        'SELECT view_url_path, view_loading_type, view_is_active FROM view ORDER BY time',
      );
      // From 6.x on an SDK leaves the last view open when the page goes.
      const lastIsActive = sdk !== DD_RUM_5;
      expect(views).toEqual([
        { view_url_path: '/', view_loading_type: 'initial_load', view_is_active: false },
        { view_url_path: '/products', view_loading_type: 'route_change', view_is_active: false },
        { view_url_path: '/basket', view_loading_type: 'route_change', view_is_active: false },
        { view_url_path: '/thanks', view_loading_type: 'route_change', view_is_active: lastIsActive },
      ]);
      const largestPaints = await footfall.query('SELECT largest_contentful_paint > 0 AS seen FROM view ORDER BY time');
      expect(largestPaints.map(({ seen }) => seen)).toEqual([true, null, null, null]);
    });

    await test.step('requests have their outcome', async () => {
      const rows = await footfall.query(
        `SELECT resource_url, resource_status, resource_status_group, resource_method FROM resource
         WHERE resource_type = 'fetch' ORDER BY resource_status`,
      );
      expect(rows).toMatchObject([
        { resource_url: `${refusedOrigin}/reviews`, resource_status: 0, resource_status_group: '0' },
        { resource_url: `${origin}/api/stock`, resource_status: 200, resource_status_group: '2xx' },
        { resource_url: `${origin}/api/broken`, resource_status: 500, resource_status_group: '5xx' },
      ]);
    });

    await test.step('errors say what happened and where they come from', async () => {
      const rows = await footfall.query(
        'SELECT error_source, error_type, error_handling, error_message FROM error ORDER BY error_source, error_message',
      );
      expect(rows).toMatchObject([
        { error_source: 'console', error_message: expect.stringContaining('the stock is low') },
        { error_source: 'source', error_type: 'TypeError', error_message: 'the basket is empty' },
        { error_source: 'source', error_type: 'RangeError', error_message: 'the voucher has expired' },
      ]);
      expect(rows.map((row) => row.error_handling)).toEqual(['handled', 'unhandled', 'unhandled']);
    });

    await test.step('every row says who, what, where and with which SDK', async () => {
      for (const table of ['view', 'resource', 'action', 'error', 'session']) {
        const rows = await footfall.query(
          `SELECT DISTINCT app_id, sdk_family, sdk_version, service, env, version, browser_name, browser_version_major,
             os_name, device_type, bot FROM ${table}`,
        );
        expect(rows, table).toEqual([
          {
            app_id: application.appId,
            sdk_family: sdk.family,
            sdk_version: sdk.version,
            service: 'shop',
            env: 'e2e',
            version: '1.4.2',
            browser_name: BROWSER.name,
            browser_version_major: BROWSER.majorVersion,
            os_name: BROWSER.os,
            device_type: 'desktop',
            bot: false,
          },
        ]);
      }
      for (const table of ['view', 'action', 'error', 'session']) {
        const rows = await footfall.query(`SELECT DISTINCT user_id, user_name, user_email FROM ${table}`);
        expect(rows, table).toEqual([{ user_id: 'u-17', user_name: 'Ada Byron', user_email: 'ada@example.com' }]);
      }
    });

    await test.step('what the page added is found as attributes', async () => {
      for (const table of ['view', 'action', 'error']) {
        const rows = await footfall.query(`SELECT DISTINCT attributes->>'context.plan' AS plan FROM ${table}`);
        expect(rows, table).toEqual([{ plan: 'pro' }]);
      }
      const bought = await footfall.query(
        `SELECT action_type, attributes->>'context.basket.currency' AS currency,
           attr_number(attributes, 'context.basket.items') AS items
         FROM action WHERE action_name = 'bought'`,
      );
      expect(bought).toEqual([{ action_type: 'custom', currency: 'EUR', items: 3 }]);
      const first = await footfall.query(
        `SELECT attributes->>'feature_flags.checkout' AS checkout, attr_number(view_custom_timings, 'shop_open') AS shop_open
         FROM view WHERE view_loading_type = 'initial_load'`,
      );
      const timings = (await visit.sent()).flatMap(({ view }) => view.custom_timings?.shop_open ?? []);
      expect(first).toEqual([{ checkout: 'short', shop_open: timings[0] }]);
    });
  });
}
