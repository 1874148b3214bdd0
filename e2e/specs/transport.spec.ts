import { sentAccount, storedAccount } from '../harness/account.ts';
import { SDKS } from '../harness/sdks.ts';
import { expect, test } from '../harness/test.ts';

for (const sdk of SDKS) {
  test(`deflated bodies through the string proxy form of ${sdk.name} are read`, async ({ footfall, openShop }) => {
    const application = await footfall.createApplication();
    const visit = await openShop(sdk, { application, transport: 'forwarded', compress: true });
    await visit.enter();
    await visit.press('Browse a lot');
    const looks = Array.from({ length: 60 }, (_, item) => `looked at ${item}`);
    await visit.waitForSent('action', [...looks, 'Browse a lot'], ({ action }) => action?.target?.name);
    await visit.follow('Basket');
    await visit.hide();
    expect(new Set(await visit.statuses('rum'))).toEqual(new Set([202]));
    await visit.show();
    await visit.leave();

    const urls = visit.requests('rum').map(({ url }) => url);
    expect(urls.map(({ pathname }) => pathname)).toEqual(urls.map(() => '/forward'));
    const targets = urls.map((url) => url.searchParams.get(sdk.forwardParameter) ?? '');
    expect(targets.filter((target) => target.includes('-evp-encoding=deflate'))).not.toEqual([]);

    await expect.poll(() => storedAccount(footfall)).toEqual(sentAccount(await visit.sent()));
  });
}
