/** The dataset that `sluice init` writes: its form, and that its gold is among the documents written beside it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { Question } from '../../src/model/step-schemas.ts';
import { run } from './fakes.ts';

const Example = z.strictObject({
  id: z.string().regex(/^[a-z-]+$/),
  input: Question,
  expected: z.strictObject({ answerable: z.boolean() }),
  relevant: z.record(z.string(), z.int().min(1).max(3)).optional(),
});

let folder: string;
let examples: readonly z.output<typeof Example>[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-dataset-'));
  await run(['init', '--index', 'handbook'], { folder });
  const text = await readFile(join(folder, 'pipelines/datasets/handbook.jsonl'), 'utf8');
  examples = text
    .trimEnd()
    .split('\n')
    .map((line) => Example.parse(JSON.parse(line)));
});
afterAll(() => rm(folder, { recursive: true }));

it('has questions of both kinds, each once: those that the documents answer, and those that they do not', () => {
  expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
  const unanswerable = examples.filter(({ expected }) => !expected.answerable);
  expect(unanswerable.length).toBeGreaterThanOrEqual(1);
  expect(examples.filter(({ relevant }) => relevant === undefined)).toEqual(unanswerable);
});

it('names every document that was written, and no other', async () => {
  const written = (await readdir(join(folder, 'docs'))).map((file) => file.replace(/\.md$/, ''));
  const named = examples.flatMap(({ relevant }) => Object.keys(relevant ?? {}));
  expect([...new Set(named)].sort()).toEqual(written.sort());
});

it('is the file that the project defines its dataset by', async () => {
  const definition = await readFile(join(folder, 'pipelines/questions.ts'), 'utf8');
  expect(definition).toContain("defineDataset('handbook'");
  expect(definition).toContain("source: 'datasets/handbook.jsonl'");
});
