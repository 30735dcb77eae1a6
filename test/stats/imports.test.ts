/** The engine stands alone: what it may import, and that it never draws from an unseeded source. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../src/stats/', import.meta.url));
const files = readdirSync(folder).map((name) => join(folder, name));

function importsOf(file: string): readonly string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/\bfrom '([^']+)'/g)].map((match) => match[1]!);
}

/** All files that a file reaches, with the packages they import. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  for (const name of importsOf(file)) {
    const target = name.startsWith('.') ? resolve(dirname(file), name) : name;
    if (seen.has(target)) continue;
    seen.add(target);
    if (name.startsWith('.')) reach(target, seen);
  }
  return seen;
}

test.each(files)('%s imports its own folder and the allowed packages only', (file) => {
  const allowed = /^(\.\/[\w-]+\.ts|@stdlib\/[\w-]+|pure-rand\/.+|zod|node:(events|readline|stream))$/;
  expect(importsOf(file).filter((name) => !allowed.test(name))).toEqual([]);
});

test('the public module needs neither Node nor a schema library', () => {
  const reached = [...reach(join(folder, 'index.ts'))];
  expect(reached.length).toBeGreaterThan(30);
  expect(reached.filter((name) => name === 'zod' || name.startsWith('node:'))).toEqual([]);
});

test('only one file touches the distribution functions, and none draws without a seed', () => {
  const using = (text: RegExp) => files.filter((file) => text.test(readFileSync(file, 'utf8')));
  expect(using(/from '@stdlib/)).toEqual([join(folder, 'distributions.ts')]);
  expect(using(/Math\.random\(/)).toEqual([]);
});
