/**
 * The package, packed and installed into a project of its own: what a user gets is more than the sources that the other
 * tests run. Its types, its subpaths, its program, the workflow bundle that it carries, and the tree of dependencies
 * that npm makes for it: with two copies of `protobufjs` in the wrong places, no history could be read from JSON.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Consumer, createConsumer, type Packed, pack } from './consumer.ts';
import { describeCompose } from './suite-compose.ts';

/** Compressed. Half a megabyte of it is the dashboard, as a browser loads it. */
const SIZE_LIMIT_BYTES = 3_000_000;
/** Fetches some six hundred packages, of which npm knows nothing yet. */
const INSTALL_LIMIT_MS = 600_000;
/** Starts the embedded database twice, and a worker. */
const ANSWER_LIMIT_MS = 180_000;

let folder: string;
let packed: Packed;
let consumer: Consumer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pack-'));
  packed = await pack(folder);
  consumer = await createConsumer(packed);
}, INSTALL_LIMIT_MS);

afterAll(async () => {
  await consumer.remove();
  await rm(folder, { recursive: true });
});

describe('the tarball', () => {
  it('holds what was built, the pipelines that init copies, and the papers', () => {
    const known = /^(dist|pipelines)\/|^(package\.json|README\.md|LICENSE|docs\/plan\.schema\.json)$/;
    expect(packed.paths.filter((path) => !known.test(path))).toEqual([]);
    expect(packed.paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/workflow-bundle.js']));
    expect(packed.paths.filter((path) => path.endsWith('.sql'))).not.toEqual([]);
    expect(packed.paths.filter((path) => /^dist\/.*(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  it(`is at most ${SIZE_LIMIT_BYTES / 1_000_000} MB`, () => {
    console.log(`tarball: ${Math.round(packed.size / 1_000)} kB, ${packed.paths.length} files`);
    expect(packed.size).toBeLessThanOrEqual(SIZE_LIMIT_BYTES);
  });
});

describe('a project that has it installed', () => {
  it('is asked about no install script', () => {
    expect(consumer.installed).toContain('added');
    expect(consumer.installed).not.toContain('install-scripts');
  });

  it('imports every subpath', async () => {
    const { stdout, stderr } = await consumer.node(`
      const { definePipeline } = await import('sluice');
      const { connect } = await import('sluice/client');
      const { implement, startWorker } = await import('sluice/worker');
      const { welch } = await import('sluice/stats');
      const { default: schema } = await import('sluice/plan.schema.json', { with: { type: 'json' } });
      if (!schema.properties.nodes) throw new Error('it is not the format of plans');
      console.log([definePipeline, connect, implement, startWorker, welch].map((each) => typeof each).join());`);
    expect(stderr).toBe('');
    expect(stdout).toBe('function,function,function,function,function\n');
  });

  it('has types that hold: what is right compiles, and what is wrong does not', async () => {
    await writeFile(join(consumer.folder, 'pipelines/own.ts'), OWN_PIPELINE);
    expect(await consumer.typecheck()).toBe('');
  });

  it('has the program, with help and the steps of its pipelines', async () => {
    const help = await consumer.sluice(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('sluice demo');
    const steps = await consumer.sluice(['steps', '--json']);
    expect(steps).toMatchObject({ code: 0, stderr: '' });
    expect((JSON.parse(steps.stdout) as { step: string }[]).map(({ step }) => step)).toContain('keywordSearch@2');
  });

  it('tells apart the code of all steps, its own and the package’s', async () => {
    const { stdout, stderr } = await consumer.node(`
      import { builtInActivities, implement } from 'sluice/worker';
      import { digestsOf } from './node_modules/sluice/dist/src/evaluation/digest/digest.js';
      import { rerank } from 'sluice/steps';
      const builtIn = builtInActivities({ store: {}, providers: {} });
      const own = implement(rerank, ({ passages }) => ({ passages }));
      const digests = await Promise.all([...builtIn, own].map(async (each) => [...(await digestsOf([each])).values()]));
      console.log(new Set(digests.flat()).size - builtIn.length);`);
    expect(stderr).toBe('');
    expect(stdout).toBe('1\n');
  });

  it('carries the page of reports, built: what builds it is not installed', async () => {
    const { stdout, stderr } = await consumer.node(`
      import { existsSync } from 'node:fs';
      import { pageAssets } from './node_modules/sluice/dist/src/evaluation/report/html.js';
      const { script, style } = await pageAssets();
      console.log(existsSync('node_modules/echarts'), script.includes('Apache ECharts'), style.includes('--accent'));`);
    expect(stderr).toBe('');
    expect(stdout).toBe('false true true\n');
  });

  it('has all that init promises: pipelines, documents, questions about them, servers, scripts, a README', async () => {
    const { scripts } = JSON.parse(await readFile(join(consumer.folder, 'package.json'), 'utf8'));
    expect(Object.keys(scripts)).toEqual(['dev', 'ingest', 'ask', 'search', 'evaluate', 'doctor', 'typecheck']);
    const readme = await readFile(join(consumer.folder, 'README.md'), 'utf8');
    const named = [...readme.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path!);
    expect(named).toContain('pipelines/datasets/docs.jsonl');
    expect(named).toContain('docker-compose.yml');
    const missing = named.filter((path) => !existsSync(join(consumer.folder, path)));
    expect(missing).toEqual(['.sluice/']); // comes with the first command
  });
});

describe('the project’s pipeline', () => {
  let settings: { readonly [name: string]: string };
  let asked: Asked;
  beforeAll(async () => {
    const address = inject('temporalAddress');
    settings = { TEMPORAL_ADDRESS: address, SLUICE_QUEUE_PREFIX: `package-${process.pid}`, DATABASE_URL: '' };
    const ingested = await consumer.script('ingest', ['--json'], settings);
    expect(ingested.code, ingested.stderr).toBe(0);
    asked = await ask();
  }, ANSWER_LIMIT_MS);

  async function ask(): Promise<Asked> {
    const { code, stdout, stderr } = await consumer.script('ask', ['What is Sluice?', '--json'], settings);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as Asked;
  }

  it('evaluates its variants on its own questions', async () => {
    const { code, stdout, stderr } = await consumer.script('evaluate', ['--json', '--quiet'], settings);
    expect(code, stderr).toBe(0);
    const { evaluation, progress } = JSON.parse(stdout) as { evaluation: object; progress: { done: number } };
    expect(evaluation).toMatchObject({ state: 'completed', name: 'retrieval' });
    expect(progress.done).toBe(14);
  });

  it('answers a question by the bundle it carries, and replays the history from JSON', async () => {
    expect(asked.output.text).toContain('Sluice');
    const history = await exportHistory(settings.TEMPORAL_ADDRESS!, asked.runId);
    const replayed = await consumer.node(`
      import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
      Runtime.install({ logger: new DefaultLogger('ERROR') });
      const codePath = new URL('./node_modules/sluice/dist/workflow-bundle.js', import.meta.url).pathname;
      const options = { workflowBundle: { codePath } };
      await Worker.runReplayHistory(options, ${history}, ${JSON.stringify(asked.runId)});
      console.log('replayed');`);
    expect(replayed.stderr).toBe('');
    expect(replayed.stdout).toBe('replayed\n');
  });

  it('finds the documents that the dataset names for its questions', async () => {
    const text = await readFile(join(consumer.folder, 'pipelines/datasets/docs.jsonl'), 'utf8');
    const examples = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Example);
    const queries = examples.map(({ id, input: { question } }) => JSON.stringify({ id, query: question }));
    await writeFile(join(consumer.folder, 'queries.jsonl'), queries.join('\n'));
    const found = await consumer.script('search', ['--queries', 'queries.jsonl', '--json'], { DATABASE_URL: '' });
    expect(found.code, found.stderr).toBe(0);
    const answers = JSON.parse(found.stdout) as { id: string; hits: { id: string }[] }[];
    expect(answers).toHaveLength(examples.length);
    const wrong = examples.filter(({ id, relevant }) => {
      const first = answers.find((answer) => answer.id === id)?.hits[0]?.id.split('#')[0];
      return relevant && !(first !== undefined && first in relevant);
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it('is edited: with a step of one’s own it has another plan, and another answer', {
    timeout: ANSWER_LIMIT_MS,
  }, async () => {
    await mkdir(join(consumer.folder, 'activities'));
    await writeFile(join(consumer.folder, 'activities/index.ts'), LOUD_ACTIVITIES);
    await writeFile(join(consumer.folder, 'pipelines/loud.ts'), LOUD_STEP);
    await consumer.edit('pipelines/docs-bot.ts', ...LOUD_IMPORT);
    await consumer.edit('pipelines/docs-bot.ts', ...LOUD_OUTPUT);
    expect(await consumer.typecheck()).toBe('');

    const edited = await ask();
    expect(edited.planId).not.toBe(asked.planId);
    expect(edited.output.text).toBe(asked.output.text.toUpperCase());
    expect(edited.nodes.map(({ id, step }) => `${id} ${step}`)).toContain('loud shout@1');
    const before = await consumer.sluice(['runs', asked.runId, '--json'], settings);
    expect(JSON.parse(before.stdout)).toMatchObject({ planId: asked.planId, output: asked.output });
  });
});

describeCompose();

interface Asked {
  readonly runId: string;
  readonly planId: string;
  readonly output: { readonly text: string };
  readonly nodes: readonly { readonly id: string; readonly step: string | null }[];
}

interface Example {
  readonly id: string;
  readonly input: { readonly question: string };
  readonly relevant?: { readonly [document: string]: number };
}

/** The history as Temporal's own program writes it. */
async function exportHistory(address: string, workflowId: string): Promise<string> {
  const args = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json', '--address', address];
  const { stdout } = await promisify(execFile)(inject('temporalCli'), args, { maxBuffer: 50_000_000 });
  return stdout;
}

const OWN_PIPELINE = `
import { definePipeline, defineStep } from 'sluice';
import { connect } from 'sluice/client';
import { welch } from 'sluice/stats';
import { implement, startWorker } from 'sluice/worker';
import { z } from 'zod';

const shout = defineStep('shout', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  effect: 'none',
  policy: { attempts: 1, timeout: '30 seconds' },
});

export const loud = definePipeline('loud', z.object({ question: z.string() }))
  .step('shouted', shout, ({ input }) => ({ text: input.question }))
  .output(z.object({ text: z.string() }), ({ shouted }) => ({ text: shouted.text }));

definePipeline('misspelt', z.object({ question: z.string() }))
  // @ts-expect-error the step takes 'text'
  .step('shouted', shout, ({ input }) => ({ txet: input.question }));

const shoutLocal = implement(shout, ({ text }) => ({ text: text.toUpperCase() }));
// @ts-expect-error the step gives a text
implement(shout, () => ({ text: 1 }));

export async function main(): Promise<string> {
  const worker = await startWorker({ activities: () => [shoutLocal] });
  const client = await connect();
  const { outcome } = await client.run(loud, { question: 'who?' });
  // @ts-expect-error there is no such outcome
  if (outcome === 'finished') return '';
  await client.close();
  await worker.stop();
  return outcome;
}

export const difference: number | null = welch([1, 2, 3], [2, 3, 4], 0.05).diff;
// @ts-expect-error values are numbers
welch(['1'], ['2'], 0.05);
`;

/** A contract, its place before the output, and what is behind it. */
const LOUD_STEP = `
import { defineStep } from 'sluice';
import { z } from 'zod';

export const shout = defineStep('shout', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  effect: 'none',
  policy: { attempts: 1, timeout: '30 seconds' },
});
`;
const LOUD_IMPORT: [passage: string, becomes: string] = [
  "} from 'sluice/steps';",
  "} from 'sluice/steps';\nimport { shout } from './loud.ts';",
];
const LOUD_OUTPUT: [passage: string, becomes: string] = [
  `  .output(Answer, ({ reply }) => ({
    text: reply.text,`,
  `  .step('loud', shout, ({ reply }) => ({ text: reply.text }))
  .output(Answer, ({ reply, loud }) => ({
    text: loud.text,`,
];
const LOUD_ACTIVITIES = `
import { builtInActivities, implement, type MakeImplementations } from 'sluice/worker';
import { shout } from '../pipelines/loud.ts';

export const createActivities: MakeImplementations = (dependencies) => [
  ...builtInActivities(dependencies),
  implement(shout, ({ text }) => ({ text: text.toUpperCase() })),
];
`;
