import { DD_RUM_7 } from '../harness/sdks.ts';
import { expect, test } from '../harness/test.ts';

test('what was acknowledged is found by SQL while the visit goes on', async ({ footfall, openShop }) => {
  const visit = await openShop(DD_RUM_7, { application: await footfall.createApplication() });
  await visit.enter();
  await visit.press('Buy');
  await visit.waitForSent('action', ['bought'], ({ action }) => action?.target?.name);
  await visit.hide();
  await visit.statuses('rum');
  const sent = (await visit.sent()).find(({ action }) => action?.target?.name === 'bought');
  await expect
    .poll(() => footfall.query("SELECT event_id FROM action WHERE action_name = 'bought'"), { intervals: [50] })
    .toEqual([{ event_id: sent?.action?.id }]);

  const session = () => footfall.query('SELECT session_view_count, session_is_active, exit_view_url FROM session');
  const { origin } = visit.shop;
  await expect.poll(session).toEqual([{ session_view_count: 1, session_is_active: true, exit_view_url: `${origin}/` }]);
  await visit.show();
  await visit.follow('Basket');
  await visit.hide();
  await expect
    .poll(session)
    .toEqual([{ session_view_count: 2, session_is_active: true, exit_view_url: `${origin}/basket` }]);
});

test('a browser that says it is headless is stored and marked as a bot', async ({ footfall, openShop, page }) => {
  const devtools = await page.context().newCDPSession(page);
  const userAgent = (await page.evaluate(() => navigator.userAgent)).replace('Chrome/', 'HeadlessChrome/');
  await devtools.send('Emulation.setUserAgentOverride', { userAgent });
  const visit = await openShop(DD_RUM_7, { application: await footfall.createApplication() });
  await visit.enter();
  await visit.leave();
  await expect.poll(() => footfall.query('SELECT bot FROM view')).toEqual([{ bot: true }]);
});
