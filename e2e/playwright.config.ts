import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'specs',
  fullyParallel: true,
  // Each runs a browser and a server; more would only wait for each other on two cores.
  workers: 2,
  // A retry that passes is a failure.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  preserveOutput: 'failures-only',
  use: {
    browserName: 'chromium',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
