/**
 * The package, packed and installed into a project of its own: what a user gets is more than the sources that the other
 * tests run. Its types, its subpaths, its program, the workflow bundle that it carries, and the tree of dependencies
 * that npm makes for it: with two copies of `protobufjs` in the wrong places, no history could be read from JSON.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Consumer, createConsumer, type Packed, pack } from './consumer.ts';

const SIZE_LIMIT_BYTES = 2_000_000;
const INSTALL_LIMIT_MS = 300_000;
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
    const known = /^(dist|pipelines)\/|^(package\.json|README\.md|LICENSE)$/;
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
    expect((JSON.parse(steps.stdout) as { step: string }[]).map(({ step }) => step)).toContain('keywordSearch@1');
  });

  it('answers a question by the bundle it carries, and replays the history from JSON', {
    timeout: ANSWER_LIMIT_MS,
  }, async () => {
    const address = inject('temporalAddress');
    const settings = { TEMPORAL_ADDRESS: address, SLUICE_QUEUE_PREFIX: `package-${process.pid}`, DATABASE_URL: '' };
    const ingested = await consumer.sluice(['ingest', 'docs', '--index', 'docs', '--json'], settings);
    expect(ingested.code, ingested.stderr).toBe(0);
    const asked = await consumer.sluice(['ask', 'docs-bot', 'What is Sluice?', '--json'], settings);
    expect(asked.code, asked.stderr).toBe(0);
    const run = JSON.parse(asked.stdout) as { runId: string; output: { text: string } };
    expect(run.output.text).toContain('Sluice');

    const history = await exportHistory(address, run.runId);
    const replayed = await consumer.node(`
      import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
      Runtime.install({ logger: new DefaultLogger('ERROR') });
      const codePath = new URL('./node_modules/sluice/dist/workflow-bundle.js', import.meta.url).pathname;
      const options = { workflowBundle: { codePath } };
      await Worker.runReplayHistory(options, ${history}, ${JSON.stringify(run.runId)});
      console.log('replayed');`);
    expect(replayed.stderr).toBe('');
    expect(replayed.stdout).toBe('replayed\n');
  });
});

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
  policy: { attempts: 1, timeout: '1 second' },
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
