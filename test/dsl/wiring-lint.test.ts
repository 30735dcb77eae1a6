import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintWiring } from './wiring-lint.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const pipelines = globSync(['pipelines/**/*.ts', 'examples/**/*.ts', 'test/dsl/example.ts', 'test/dsl/evaluated.ts'], {
  cwd: root,
});

describe('wiring functions hold only literals, lists, objects and property access', () => {
  test.each(pipelines)('%s', (file) => {
    expect(lintWiring(file, read(file)).problems).toEqual([]);
  });

  test('there are wiring functions to look at', () => {
    expect(pipelines.length).toBeGreaterThan(1);
    expect(lintWiring('example.ts', read('test/dsl/example.ts')).functions).toBeGreaterThanOrEqual(18);
    expect(lintWiring('evaluated.ts', read('test/dsl/evaluated.ts')).functions).toBeGreaterThanOrEqual(9);
  });
});

test('the lint finds each computation of a planted file, and nothing else', async () => {
  const { computed, scored } = await import('./planted/computed-wiring.ts');
  expect(computed.plan.nodes).toHaveLength(15);
  expect(scored.spec.input).toEqual({
    $object: { answer: { $value: 'none' }, passages: { $from: ['output', 'passages'] } },
  });

  const file = 'test/dsl/planted/computed-wiring.ts';
  const planted = read(file)
    .split('\n')
    .flatMap((line, index) => {
      const mark = /\/\/ refused: (\w+)/.exec(line)?.[1];
      // A mark alone on its line is about the line before it.
      return mark ? [{ line: line.trim().startsWith('//') ? index : index + 1, found: mark }] : [];
    });
  expect(planted.length).toBeGreaterThan(10);
  expect(lintWiring(file, read(file)).problems).toEqual(planted);
});
