import { sentAccount, storedAccount } from '../harness/account.ts';
import { DD_RUM_7, OPENOBSERVE } from '../harness/sdks.ts';
import { expect, test } from '../harness/test.ts';
import type { Visit } from '../harness/visit.ts';

for (const sdk of [DD_RUM_7, OPENOBSERVE]) {
  test(`a wrong token of ${sdk.name} is refused and nothing is stored`, async ({ footfall, openShop }) => {
    const application = await footfall.createApplication();
    const wrong = await openShop(sdk, {
      application: { ...application, token: 'pub00000000000000000000000000000000' },
    });
    const right = await openShop(sdk, { application });
    expect(await answersTo(wrong)).toEqual(new Set([403]));
    expect(await answersTo(right)).toEqual(new Set([202]));
    // The refused visit came first: had it been stored, it would be there by now.
    await expect.poll(() => storedAccount(footfall)).toEqual(sentAccount(await right.sent()));
  });
}

test('an origin that the application does not allow is refused, one that it allows is not', async ({
  footfall,
  openShop,
}) => {
  const application = await footfall.createApplication();
  const stranger = await openShop(DD_RUM_7, { application });
  const friend = await openShop(DD_RUM_7, { application });
  await footfall.allowOrigins(application.appId, ['https://shop.example', friend.shop.origin]);
  expect(await answersTo(stranger)).toEqual(new Set([403]));
  expect(await answersTo(friend)).toEqual(new Set([202]));
  await expect.poll(() => storedAccount(footfall)).toEqual(sentAccount(await friend.sent()));
});

/** The statuses that a short visit sees before it ends. */
async function answersTo(visit: Visit): Promise<Set<number>> {
  await visit.enter();
  await visit.press('Buy');
  await visit.waitForSent('action', ['bought', 'Buy'], ({ action }) => action?.target?.name);
  await visit.hide();
  const statuses = await visit.statuses('rum');
  await visit.show();
  await visit.leave();
  return new Set(statuses);
}
