import { identities, sentAccount, storedAccount } from '../harness/account.ts';
import type { Footfall } from '../harness/footfall.ts';
import { DD_RUM_7, OPENOBSERVE } from '../harness/sdks.ts';
import { expect, test } from '../harness/test.ts';
import type { Visit } from '../harness/visit.ts';

for (const sdk of [DD_RUM_7, OPENOBSERVE]) {
  test(`kill -9 in the middle of a visit with ${sdk.name} loses and doubles nothing`, async ({
    footfall,
    openShop,
  }) => {
    const visit = await openShop(sdk, { application: await footfall.createApplication() });
    await browse(visit);
    await footfall.kill();

    const acknowledged = identities(visit.acknowledged());
    expect(acknowledged).toContainEqual(expect.stringMatching(/^view /));
    expect(acknowledged).toContainEqual(expect.stringMatching(/^action /));
    await footfall.start();
    // Ready means that everything acknowledged can be queried: no second try.
    expect(await storedIdentities(footfall)).toEqual(expect.arrayContaining(acknowledged));

    await visit.show();
    await finish(visit);
    await expect.poll(() => storedAccount(footfall)).toEqual(sentAccount(await visit.sent()));
  });
}

test('a clean stop in the middle of a visit loses and doubles nothing', async ({ footfall, openShop }) => {
  const visit = await openShop(DD_RUM_7, { application: await footfall.createApplication() });
  await browse(visit);
  expect(await footfall.stop()).toBe(0);

  await footfall.start();
  const acknowledged = identities(visit.acknowledged());
  expect(await storedIdentities(footfall)).toEqual(expect.arrayContaining(acknowledged));
  await visit.show();
  await finish(visit);
  await expect.poll(() => storedAccount(footfall)).toEqual(sentAccount(await visit.sent()));
});

/** Two views and some events, acknowledged after hiding the page: what the SDK sends next by itself is half a minute away. */
async function browse(visit: Visit): Promise<void> {
  await visit.enter();
  await visit.press('Buy');
  await visit.press('Complain');
  await visit.follow('Basket');
  await visit.waitForSent('action', ['bought', 'Buy', 'Complain', 'Basket'], ({ action }) => action?.target?.name);
  await visit.hide();
  const acknowledgedIds = () => sentAccount(visit.acknowledged()).ids;
  await expect.poll(acknowledgedIds).toEqual(sentAccount(await visit.sent()).ids);
}

async function finish(visit: Visit): Promise<void> {
  await visit.press('Throw');
  await visit.follow('Thanks');
  await visit.waitForSent('action', ['Throw', 'Thanks'], ({ action }) => action?.target?.name);
  await visit.leave();
}

/** As `identities` writes them. */
async function storedIdentities(footfall: Footfall): Promise<string[]> {
  const { ids } = await storedAccount(footfall);
  return Object.entries(ids).flatMap(([table, of]) => of.map((id) => `${table} ${id}`));
}
