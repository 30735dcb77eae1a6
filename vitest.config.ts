import { defineConfig } from 'vitest/config';
import { summaryReporter } from './test/support/summary-reporter.ts';

/** `live` tests talk to a real Temporal server and a real database, which are started once for all of them. */
const live = 'test/**/*.live.test.ts';

/** A file for the sum of the run, beside what is shown. */
const summary = process.env.SLUICE_TEST_SUMMARY;

export default defineConfig({
  test: {
    reporters: ['default', ...(summary ? [summaryReporter(summary)] : [])],
    // For what hangs. What is slow on a busy machine is no failure: no test has a time of its own to keep.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // Times are shown in the local zone: the expected texts are those of UTC.
    env: { TZ: 'UTC' },
    // Two files at a time: more take no less. Live ones begin, the largest first; CI plays each kind in a process of its own.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'pure', include: ['test/**/*.test.ts'], exclude: [live] } },
      { extends: true, test: { name: 'live', include: [live], globalSetup: ['test/support/servers.ts'] } },
    ],
  },
});
