/**
 * What people read when they err is part of the language. Each file under `cases/` makes mistakes; under each stand, after
 * `//!`, the words that the compiler or the definition answers with. This test runs both, and compares word for word.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DefinitionError } from '../../src/index.ts';

const cases = resolve(import.meta.dirname, 'cases');
const root = resolve(import.meta.dirname, '../..');
const MARK = /^\s*\/\/!( |$)/;
/** Made at definition, so the compiler has nothing to say about them. */
const isAtDefinition = (file: string) => file.startsWith('at-definition');

const files = readdirSync(cases).filter((name) => name.endsWith('.ts'));
const linesOf = (file: string) => readFileSync(join(cases, file), 'utf8').split('\n');

/** What a file expects: the words under each line, by the line's number from 1. */
function expectedIn(file: string): Map<number, string> {
  const expected = new Map<number, string>();
  let code = 0;
  linesOf(file).forEach((line, index) => {
    if (!MARK.test(line)) code = index + 1;
    else expected.set(code, [...(expected.has(code) ? [expected.get(code)] : []), line.replace(MARK, '')].join('\n'));
  });
  return expected;
}

/** What the compiler says, by file and line. It fails, as it should; only what it prints matters. */
async function compile(): Promise<Map<string, Map<number, string>>> {
  const printed = await new Promise<string>((done) => {
    execFile(
      join(root, 'node_modules/.bin/tsc'),
      ['-p', cases, '--pretty', 'false'],
      { cwd: cases },
      (_error, stdout) => done(stdout),
    );
  });
  const said = new Map<string, Map<number, string>>();
  const message = /^(\S+\.ts)\((\d+),\d+\): error (TS\d+): (.*(?:\n .*)*)/gm;
  for (const [, path, line, code, text] of printed.matchAll(message)) {
    const file = basename(path!);
    said.set(file, said.get(file) ?? new Map());
    const before = said.get(file)!.get(Number(line));
    said.get(file)!.set(Number(line), [...(before ? [before] : []), `${code} ${text}`].join('\n'));
  }
  return said;
}

describe('mistakes that the compiler sees', () => {
  let said: Map<string, Map<number, string>>;
  beforeAll(async () => {
    said = await compile();
  });

  test.each(files.filter((file) => !isAtDefinition(file)))('%s', (file) => {
    const expected = expectedIn(file);
    expect(expected.size).toBeGreaterThanOrEqual(5);
    expect(Object.fromEntries(said.get(file) ?? [])).toEqual(Object.fromEntries(expected));
  });

  test('nothing else is wrong with the files', () => {
    expect([...said.keys()].sort()).toEqual(files.filter((file) => !isAtDefinition(file)).sort());
  });
});

describe.each(files.filter(isAtDefinition))('mistakes that the definition sees: %s', async (file) => {
  const mistakes = (await import(join(cases, file))) as Record<string, () => unknown>;
  const source = linesOf(file).join('\n');
  const expected = new Map(
    source.split(/^export const /m).flatMap((part): [string, string][] => {
      const words = part.split('\n').filter((line) => MARK.test(line));
      return words.length === 0 ? [] : [[part.split(' ')[0]!, words.map((line) => line.replace(MARK, '')).join('\n')]];
    }),
  );

  test('every mistake has its words', () => {
    expect([...expected.keys()].sort()).toEqual(Object.keys(mistakes).sort());
  });

  test.each(Object.entries(mistakes))('%s', (name, make) => {
    let error: unknown;
    try {
      make();
    } catch (caught) {
      error = caught;
    }
    if (!(error instanceof DefinitionError)) throw new Error(`'${name}' is no mistake`, { cause: error });
    expect(`${error.name}: ${error.message}\n→ ${error.remedy}`).toBe(expected.get(name));
  });
});
