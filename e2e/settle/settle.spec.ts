import { expect, test } from '../harness/console.ts';

/** How often each screen is opened, each time over another range, so that no answer is one that a cache had. */
const TIMES = Number(process.env.FOOTFALL_SETTLE_TIMES ?? 32);

const SCREENS = [
  { name: 'overview', path: '/', from: '/applications' },
  { name: 'views', path: '/explore/view', from: '/applications' },
  { name: 'sessions', path: '/explore/session', from: '/applications' },
  { name: 'resources', path: '/explore/resource', from: '/applications' },
  { name: 'errors', path: '/explore/error', from: '/applications' },
  { name: 'applications', path: '/applications', from: '/intake' },
  { name: 'intake health', path: '/intake', from: '/applications' },
  { name: 'status', path: '/status', from: '/applications' },
];

test.use({ timezoneId: 'UTC' });
test.setTimeout(1_200_000);

/** Prints how long each screen takes from the click until nothing on it waits, and how much of that its slowest request took. */
test('screens settle', async ({ page, footfall }) => {
  const events = await footfall.query(
    'SELECT (SELECT count(*) FROM view) + (SELECT count(*) FROM resource) + (SELECT count(*) FROM action) + (SELECT count(*) FROM error) + (SELECT count(*) FROM long_task) + (SELECT count(*) FROM vital) AS events',
  );
  console.log(`${events[0]?.events} events`);
  for (const { name, path, from } of SCREENS) {
    const settled: number[] = [];
    const server: number[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      // From 12 hours to 7 days, each by a step of its own.
      const range = `${12 + 5 * time}h`;
      await page.goto(`${from}?range=${range}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await page.waitForLoadState('networkidle');
      const took = await page.evaluate(async (target) => {
        const link = document.querySelector<HTMLAnchorElement>(`nav a[href^="${target}?"], nav a[href="${target}"]`);
        if (link === null) throw new Error(`no link to ${target}`);
        performance.clearResourceTimings();
        const begin = performance.now();
        let changed = begin;
        const observer = new MutationObserver(() => {
          changed = performance.now();
        });
        observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
        link.click();
        // Settled: nothing busy, and 300 ms without a change.
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          const isBusy = document.querySelector('main [aria-busy=true]') !== null;
          if (!isBusy && location.pathname === target && performance.now() - changed > 300) break;
          if (performance.now() - begin > 60_000) throw new Error('not settled after a minute');
        }
        observer.disconnect();
        const asked = performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/api/'));
        return { settled: changed - begin, server: Math.max(0, ...asked.map((entry) => entry.duration)) };
      }, path);
      settled.push(took.settled);
      server.push(took.server);
    }
    const of = (values: number[], share: number) =>
      Math.round(values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? 0);
    console.log(
      `${name.padEnd(14)} n ${TIMES}  settled p50 ${of(settled, 0.5)} p95 ${of(settled, 0.95)} ms` +
        `  slowest request p50 ${of(server, 0.5)} p95 ${of(server, 0.95)} ms`,
    );
  }
});
