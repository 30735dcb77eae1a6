import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { defineConfig } from 'vitest/config';
import { summaryReporter } from './test/support/summary-reporter.ts';

/** The end of a test file's name says its tier. A name that fits several is of the tier with the longest ending. */
const PURE = 'test/**/*.test.ts';
const LONG = 'test/**/*.long.test.ts';
const LIVE = 'test/**/*.live.test.ts';
const THIN = 'test/**/*.thin.live.test.ts';
const LONG_LIVE = 'test/**/*.long.live.test.ts';

/** Pure files that change or measure their process: modules, globals, timers, flags. Each gets a process of its own. */
const CHANGES_PROCESS =
  /\bvi\.(mock|doMock|stubEnv|stubGlobal|spyOn|useFakeTimers)\(|\bprocess\.on\(|\bgetActiveResources|\bsetFlagsFromString/;
const pure = (await Array.fromAsync(glob(PURE))).filter((file) => !/\.(live|long)\.test\.ts$/.test(file));
const isolated = pure.filter((file) => CHANGES_PROCESS.test(readFileSync(file, 'utf8')));

/** Live tests use a real Temporal server, which is started once for all of them. */
const live = { globalSetup: ['test/support/servers.ts'] };

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
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: [PURE],
          exclude: [LIVE, LONG, ...isolated],
          isolate: false,
          setupFiles: ['test/support/openapi.ts'],
        },
      },
      { extends: true, test: { name: 'pure-isolated', include: isolated } },
      { extends: true, test: { name: 'thin', include: [THIN], ...live } },
      { extends: true, test: { name: 'live', include: [LIVE], exclude: [THIN, LONG_LIVE], ...live } },
      { extends: true, test: { name: 'long', include: [LONG] } },
      { extends: true, test: { name: 'long-live', include: [LONG_LIVE], ...live } },
    ],
  },
});
