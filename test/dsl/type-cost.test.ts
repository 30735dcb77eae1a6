/**
 * What a pipeline, its evaluation and its experiment cost the compiler, in instantiations: a count that does not depend on the machine.
 * It grows with the square of the nodes, so a careless type would first show itself in long pipelines, in everybody's
 * editor.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  // Within node_modules, so that the generated sources find zod and are nobody's to commit.
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, 'type-cost-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const STEPS = `
import { z } from 'zod';
import { definePipeline, defineStep } from '../../../../src/index.ts';
const Passage = z.object({ id: z.string(), text: z.string(), score: z.number() });
const policy = { attempts: 3, timeout: '30 seconds' } as const;
const search = defineStep('search', {
  version: 1,
  input: z.object({ query: z.string(), near: z.array(Passage) }),
  output: z.object({ passages: z.array(Passage), best: Passage, found: z.boolean(), query: z.string() }),
  config: z.object({ topK: z.number().default(10), model: z.string().optional() }),
  effect: 'read',
  policy,
});
const Question = z.object({ question: z.string(), seen: z.array(Passage) });
const Answer = z.object({ passages: z.array(Passage), found: z.boolean() });
`;

/** A chain in which every node reads the one before it and one further back. */
function pipelineOf(nodes: number): string {
  const steps = Array.from({ length: nodes }, (_, index) => {
    if (index === 0) return `.step('n0', search, ({ input }) => ({ query: input.question, near: input.seen }))`;
    const back = Math.floor(index / 2);
    const scope = back === index - 1 ? `n${back}` : `n${index - 1}, n${back}`;
    const wire = `({ ${scope} }) => ({ query: n${index - 1}.query, near: n${back}.passages })`;
    return `.step('n${index}', search, ${wire}, { topK: ${index + 1} })`;
  });
  const last = `n${nodes - 1}`;
  const output = `.output(Answer, ({ ${last} }) => ({ passages: ${last}.passages, found: ${last}.found }))`;
  return `${STEPS}\nexport const pipeline = definePipeline('generated', Question)\n${steps.join('\n')}\n${output};\n`;
}

/** An evaluation of that pipeline: each scorer reads a node and the example, each has a metric of its own. */
function evaluationOf(scorers: number): string {
  const ids = Array.from({ length: scorers }, (_, index) => `s${index}`);
  const defined = ids.map((id, index) => {
    const wire = `({ expected, n${index * 2} }) => ({ wanted: expected.ids, passages: n${index * 2}.passages })`;
    return `const ${id} = defineScorer('${id}', { pipeline, dataset }, scoring, ${wire}, { judge: false, config: { k: ${index} } });`;
  });
  const metrics = ids.map((id) => `metric.mean('${id}', score(${id}).score).increase()`);
  return `
import { defineDataset, defineEvaluation, defineScorer, metric } from '../../../../src/index.ts';
const dataset = defineDataset('d', { input: Question, expected: z.object({ ids: z.array(z.string()) }), source: 'd.csv' });
const scoring = defineStep('scoring', {
  version: 1,
  input: z.object({ wanted: z.array(z.string()), passages: z.array(Passage) }),
  output: z.object({ score: z.number().min(0).max(1), why: z.string() }),
  config: z.object({ k: z.int().default(10) }),
  effect: 'read',
  policy,
});
${defined.join('\n')}
export const evaluation = defineEvaluation('e', {
  pipeline, dataset, variants: [pipeline.variant('v', (edit) => edit.configure('n1', { topK: 3 }))],
  scorers: [${ids.join(', ')}],
  metrics: ({ score }) => ({ primary: [${metrics.join(', ')}] }),
});
`;
}

/** An experiment on it by the same number of metrics, half of them over nodes, half over scores. */
function experimentOf(metrics: number): string {
  const half = Array.from({ length: metrics / 2 }, (_, index) => index);
  const wire = (index: number) => `({ n${index} }) => ({ wanted: [], passages: n${index}.passages })`;
  const live = half.map(
    (index) => `const l${index} = defineScorer('l${index}', { pipeline }, scoring, ${wire(index)}, { judge: false });`,
  );
  const shown = half.flatMap((index) => [
    `metric.rate('found-${index}', nodes.n${index}.found).observe({ better: 'higher' })`,
    `metric.mean('live-${index}', score(l${index}).score)`,
  ]);
  return `
import { defineExperiment } from '../../../../src/index.ts';
${live.join('\n')}
export const experiment = defineExperiment('x', {
  pipeline, variants: [pipeline.variant('v', (edit) => edit.configure('n1', { topK: 3 }))],
  traffic: { share: 0.5, weights: { baseline: 0.5, v: 0.5 } },
  scorers: [${half.map((index) => (index % 2 ? `l${index}` : `{ scorer: l${index}, sample: 0.1 }`)).join(', ')}],
  metrics: ({ nodes, run, score }) => ({
    primary: [metric.rate('failed', run.failed).decrease()],
    secondary: [${shown.join(', ')}],
  }),
});
`;
}

async function instantiations(nodes: number, scorers = 0): Promise<number> {
  const place = join(folder, `${nodes}-${scorers}`);
  await mkdir(place);
  await writeFile(
    join(place, 'pipeline.ts'),
    pipelineOf(nodes) + (scorers > 0 ? evaluationOf(scorers) + experimentOf(scorers) : ''),
  );
  await writeFile(
    join(place, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['pipeline.ts'], exclude: [] }),
  );
  const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), ['-p', place, '--extendedDiagnostics']);
  return Number(/Instantiations:\s+(\d+)/.exec(stdout)![1]);
}

test('60 nodes cost at most 200 k instantiations, and at most 8 times those of 2 nodes', async () => {
  const two = await instantiations(2);
  const sixty = await instantiations(60);
  console.log(`instantiations: ${two} for 2 nodes, ${sixty} for 60 (${(sixty / two).toFixed(1)} times)`);
  expect(two).toBeGreaterThan(1_000);
  expect(sixty).toBeLessThanOrEqual(200_000);
  expect(sixty / two).toBeLessThanOrEqual(8);
});

test('with an evaluation by 20 scorers, and an experiment by 20 metrics, they stay below that', async () => {
  const evaluated = await instantiations(60, 20);
  console.log(`instantiations: ${evaluated} for 60 nodes, 20 scorers and 20 metrics`);
  expect(evaluated).toBeGreaterThan(1_000);
  expect(evaluated).toBeLessThanOrEqual(200_000);
});
