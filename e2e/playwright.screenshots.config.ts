import config from './playwright.config.ts';

/** `npm run screenshots`: the pictures of the README. */
export default { ...config, testDir: 'screenshots', workers: 1 };
