/** The sum of a run, over modules as vitest gives them to reporters. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { summaryReporter } from './summary-reporter.ts';

const error = (message: string, more: object = {}) => ({
  message,
  stack: `Error: ${message}\n    at a.ts:1:2`,
  ...more,
});

function moduleOf(file: string, ms: number, passed: number, failed: readonly object[], broken: readonly object[] = []) {
  const tests = {
    passed: Array(passed).fill({}),
    failed: failed.map((each) => ({ fullName: 'group > test', result: () => ({ errors: [each] }) })),
  };
  return {
    relativeModuleId: file,
    errors: () => broken,
    diagnostic: () => ({ collectDuration: 500, duration: ms }),
    children: { allSuites: () => [], allTests: (state: 'passed' | 'failed') => tests[state] },
  } as unknown as TestModule;
}

test('counts first, then the slowest files, then every failure with what it said, cut', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'sluice-summary-')), 'sum.txt');
  const long = error('1 is not 2', { diff: Array.from({ length: 40 }, (_, n) => `line ${n}`).join('\n') });
  const modules = [
    moduleOf('quick.test.ts', 100, 3, [long]),
    moduleOf('slow.test.ts', 2_500, 4, []),
    moduleOf('broken.test.ts', 0, 0, [], [error('no such module')]),
  ];
  await summaryReporter(file).onTestRunEnd!(modules, [error('too late')] as never, 'failed');
  const lines = (await readFile(file, 'utf8')).split('\n');
  expect(lines[0]).toBe('7 3');
  const text = lines.slice(1).join('\n');
  expect(text).toMatch(/ {2}3\.0 slow\.test\.ts\n {2}0\.6 quick\.test\.ts\n/);
  expect(text).toContain('FAILED quick.test.ts > group > test\n  1 is not 2\n      at a.ts:1:2\n  line 0\n');
  expect(text).not.toContain('line 13');
  expect(text).toContain('FAILED broken.test.ts\n  no such module\n');
  expect(text).toContain('FAILED outside of any test\n  too late\n');
});
