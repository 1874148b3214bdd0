import { expect, expectAccessible, test } from '../harness/console.ts';

const FIGURES = ['Page views', 'Visitors', 'Sessions', 'Error-free sessions', 'LCP', 'INP', 'CLS'];

/** `2,364`, `90.96 %`, `1.62 s`, `168 ms` as numbers in the unit of the server. */
function read(shown: string): number {
  const [, digits = '', unit = ''] = /^([\d.,]+)[\s\u202f]*(.*)$/.exec(shown.trim()) ?? [];
  const factors: Record<string, number> = { '%': 0.01, ms: 1e6, s: 1e9 };
  return Number(digits.replaceAll(',', '')) * (factors[unit] ?? 1);
}

test('each figure is what its SQL answers', async ({ page, footfall }) => {
  await page.goto('/');
  for (const name of FIGURES) {
    // The chart of page views has a definition of its own.
    const strips = page.getByRole('region', { name: /^(Traffic|Web vitals)$/ });
    const button = strips.getByRole('button', { name: `Definition of ${name}`, exact: true });
    await button.click();
    const sql = await page.getByRole('region', { name: 'SQL' }).innerText();
    const [row = {}] = await footfall.query(sql);
    const value = Number(Object.values(row)[0]);
    const link = page.getByTitle(`Show what ${name} counts`);
    const shown = read(await link.innerText());
    // Shown with two decimals or three digits: half a percent of the value is the most that rounding takes.
    expect(Math.abs(shown - value), `${name}: ${shown} is shown, ${value} by SQL`).toBeLessThanOrEqual(
      Math.max(value * 0.005, 0.005),
    );
    await page.keyboard.press('Escape');
    await expect(page.getByRole('region', { name: 'SQL' })).toBeHidden();
  }
});

test('a figure of rows leads to a list with as many', async ({ page }) => {
  for (const name of ['Page views', 'Sessions']) {
    await page.goto('/');
    const link = page.getByTitle(`Show what ${name} counts`);
    const shown = await link.innerText();
    await link.click();
    await expect(page).toHaveURL(/\/explore\//);
    await expect(
      page.getByRole('status').filter({ has: page.getByRole('button', { name: /^Definition of/ }) }),
    ).toContainText(shown);
  }
});

test('a click on a country filters the screen, back undoes it, a reload keeps it', async ({ page }) => {
  // Days with fixed ends: from a relative range a view can fall out while the page reloads.
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  await page.goto(`/?from=${day(-2)}T00:00:00Z&to=${day(1)}T00:00:00Z`);
  const views = page.getByTitle('Show what Page views counts');
  const before = await views.innerText();
  const country = page.getByRole('list', { name: 'Countries' }).getByRole('button').first();
  await country.click();
  await expect(page).toHaveURL(/q=country_code:/);
  await expect(views).not.toHaveText(before);
  const filtered = await views.innerText();
  await page.reload();
  await expect(views).toHaveText(filtered);
  await page.goBack();
  await expect(page).not.toHaveURL(/q=/);
});

test('a chart is walked through and opened by keyboard', async ({ page }) => {
  await page.goto('/');
  const chart = page.getByRole('slider', { name: /^Page views per/ });
  await chart.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await expect(chart.getByRole('status')).toContainText('Page views');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/explore\/view\?.*from=/);
});

test('a drag over a chart zooms the whole screen, and back undoes it', async ({ page }) => {
  await page.goto('/');
  const chart = page.getByRole('slider', { name: /^Page views per/ });
  const box = await chart.boundingBox();
  if (box === null) throw new Error('the chart has no place');
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*&to=/);
  await page.goBack();
  await expect(page).not.toHaveURL(/from=/);
});

test('a chart has a table with the same numbers', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Chart menu: Page views' }).click();
  await page.getByRole('menuitem', { name: 'Show as table' }).click();
  const table = page.getByRole('region', { name: 'Page views', exact: true }).getByRole('table');
  await expect(table.getByRole('columnheader')).toHaveText(['Time', 'Page views', 'Page views, previous']);
});

test('a far range says that there is nothing and where to go', async ({ page }) => {
  await page.goto('/?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
  await expect(page.getByText('No visits in this time.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Set up an application' })).toBeVisible();
});

test('a mistake in the filter is underlined where it is', async ({ page }) => {
  await page.goto('/?q=bot:false%20contry:DE');
  await expect(page.locator('mark')).toHaveText('contry');
});

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`nothing serious by axe: overview, ${scheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await page.goto('/');
      await expect(page.getByRole('list', { name: 'Countries' })).toBeVisible();
      await expectAccessible(page);
    });
  }
}
