import { sentAccount, storedAccount } from '../harness/account.ts';
import { DD_RUM_7, OPENOBSERVE } from '../harness/sdks.ts';
import { expect, test } from '../harness/test.ts';

for (const sdk of [DD_RUM_7, OPENOBSERVE]) {
  test(`the recording of ${sdk.name} is accepted beside its events`, async ({ footfall, openShop }) => {
    const application = await footfall.createApplication();
    const visit = await openShop(sdk, { application, replay: true });
    await visit.enter();
    await visit.press('Buy');
    await visit.follow('Basket');
    await visit.waitForSent('action', ['bought', 'Buy', 'Basket'], ({ action }) => action?.target?.name);
    await visit.hide();
    expect(new Set(await visit.statuses('replay'))).toEqual(new Set([202]));
    expect(new Set(await visit.statuses('rum'))).toEqual(new Set([202]));
    expect(visit.requests('replay')[0]?.url.pathname).toBe(sdk.replayPath);
    expect(visit.requests('rum')[0]?.url.pathname).toBe(sdk.rumPath);
    await visit.show();
    await visit.leave();

    await expect.poll(() => storedAccount(footfall)).toEqual(sentAccount(await visit.sent()));
    const replayed = await footfall.query('SELECT DISTINCT session_has_replay FROM session');
    expect(replayed).toEqual([{ session_has_replay: true }]);
  });
}
