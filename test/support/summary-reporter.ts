/**
 * Writes what matters of a test run into a file, for a log of which only the end is read: in the first line how many
 * tests passed and failed, then the slowest files, then every failure with what it said.
 */
import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

const LINES_OF_A_FAILURE = 15;
const SLOWEST_FILES = 15;

interface Failure {
  readonly where: string;
  readonly errors: readonly SerializedError[];
}

export function summaryReporter(file: string): Reporter {
  return {
    onTestRunEnd(modules, unhandled) {
      const passed = modules.flatMap((module) => [...module.children.allTests('passed')]).length;
      const failures = [...modules.flatMap(failuresOf), ...unhandled.map(outsideTests)];
      const lines = [`${passed} ${failures.length}`, '', ...slowest(modules), ...failures.flatMap(describe)];
      writeFileSync(file, `${lines.join('\n')}\n`);
    },
  };
}

/** Of the file itself, when it could not be loaded; of its suites, when their hooks failed; of its tests. */
function failuresOf(module: TestModule): readonly Failure[] {
  const { relativeModuleId: file } = module;
  const suites = [...module.children.allSuites()];
  return [
    { where: file, errors: module.errors() },
    ...suites.map((suite) => ({ where: `${file} > ${suite.fullName}`, errors: suite.errors() })),
    ...[...module.children.allTests('failed')].map((test) => ({
      where: `${file} > ${test.fullName}`,
      errors: test.result().errors ?? [],
    })),
  ].filter(({ errors }) => errors.length > 0);
}

const outsideTests = (error: SerializedError): Failure => ({ where: 'outside of any test', errors: [error] });

function describe({ where, errors }: Failure): readonly string[] {
  const said = errors.flatMap(linesOf).slice(0, LINES_OF_A_FAILURE);
  return ['', `FAILED ${where}`, ...said.map((line) => `  ${line}`)];
}

/** Of where it happened only what is ours, and before what differs: the differences may be long. */
function linesOf({ message, stack = '', diff = '' }: SerializedError & { readonly diff?: string }): readonly string[] {
  const places = stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node_modules|node:|<anonymous>/.test(line));
  return [message, ...places, diff].flatMap((text) => stripVTControlCharacters(text).split('\n')).filter(Boolean);
}

function slowest(modules: readonly TestModule[]): readonly string[] {
  const files = modules.map((module) => {
    const { collectDuration, duration } = module.diagnostic();
    return { file: module.relativeModuleId, seconds: (collectDuration + duration) / 1_000 };
  });
  const chosen = files.toSorted((one, other) => other.seconds - one.seconds).slice(0, SLOWEST_FILES);
  return ['slowest test files, in seconds', ...chosen.map((each) => `  ${each.seconds.toFixed(1)} ${each.file}`)];
}
