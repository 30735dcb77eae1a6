import { defineConfig } from 'vitest/config';

/** `live` tests talk to a real Temporal server and a real database, which are started once for all of them. */
const live = 'test/**/*.live.test.ts';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'pure', include: ['test/**/*.test.ts'], exclude: [live], maxWorkers: 2 } },
      {
        extends: true,
        test: { name: 'live', include: [live], maxWorkers: 1, globalSetup: ['test/support/servers.ts'] },
      },
    ],
  },
});
