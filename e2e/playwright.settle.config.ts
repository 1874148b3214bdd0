import config from './playwright.config.ts';

/** `make bench-console`: how long screens take over much data. */
export default { ...config, testDir: 'settle', workers: 1 };
