/**
 * `runs erase --unit`, on embedded servers: afterwards no file of the state folder holds the unit, or anything that its
 * runs were asked, gave or were told; and all numbers are as they were.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { readConfig } from '../../src/config/config.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { type Runtime, startRuntime } from '../../src/host/runtime.ts';
import { defineExperiment, definePipeline, defineStep, metric } from '../../src/index.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { run as runCommand } from '../cli/fakes.ts';
import { allText } from '../support/all-text.ts';
import { copyEmbedded } from '../support/embedded.ts';
import { filesWith } from '../support/find-marker.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 1, timeout: '20 seconds' } as const;
const say = defineStep('say', {
  ...{ version: 1, input: Text, effect: 'read', policy },
  output: z.object({ text: z.string(), pages: z.array(z.string()) }),
});
const fall = defineStep('fall', { ...{ version: 1, input: Text, output: Text, effect: 'read', policy } });

/** More than a history takes: it is set aside in the store. */
const PAGES = 100;
const implementations = () => [
  implement(say, ({ text }, { emit }) => {
    emit(`draft of ${text}`);
    return {
      text,
      pages: Array.from({ length: PAGES }, (_, no) => `page ${no} of ${text} ${'and so on '.repeat(400)}`),
    };
  }),
  implement(fall, ({ text }) => {
    throw new Error(`nothing is known of ${text}`);
  }),
];
const bot = definePipeline('forgetful-bot', Text)
  .step('say', say, ({ input }) => ({ text: input.text }))
  .step('fall', fall, ({ say }) => ({ text: say.text }), {}, { orElse: { text: '' } })
  .output(Text, ({ say }) => ({ text: say.text }));
const patient = bot.variant('patient', (edit) => edit.options('say', { timeout: '19 seconds' }));
const hasty = bot.variant('hasty', (edit) => edit.options('say', { timeout: '18 seconds' }));
const slower = defineExperiment('slower', {
  ...{ pipeline: bot, variants: [patient], traffic: { share: 1, weights: { baseline: 0.5, patient: 0.5 } } },
  metrics: ({ feedback }) => ({ primary: [metric.rate('rated', feedback.rated).increase()] }),
});

/** Nobody's word, with what JSON escapes. */
const word = () => `zq${randomBytes(12).toString('hex')}Mark`;
const others = word();
let folder: string;
let state: string;
let runtime: Runtime;

async function start(): Promise<void> {
  const environment = {
    ...{ SLUICE_TEMPORAL_CLI: inject('temporalCli'), SLUICE_CACHE: inject('cache') },
    ...{ SLUICE_QUEUE_PREFIX: `erase-${process.pid}`, SLUICE_SHUTDOWN_GRACE_MS: '1000' },
  };
  runtime = await startRuntime({ folder, config: readConfig(environment), implementations });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-erase-'));
  state = join(folder, '.sluice');
  await copyEmbedded(join(state, 'postgres'));
  await start();
  const said = { by: 'ada', why: 'to begin with' };
  await runtime.client.deploy({ pipeline: bot.id, plan: bot.plan, ...said });
  const settings = freezeSettings(slower.spec, { nStar: 5_000, vRefs: slower.spec.metrics.map(() => 1) });
  await runtime.client.startExperiment({ spec: slower.spec, settings, ...said });
});
afterAll(async () => {
  await runtime?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function sluice(...argv: string[]) {
  const over = { ...runtime, urlOf: runtime.client.urlOf, isUiServed: true, stop: async () => undefined };
  const ran = await runCommand(argv, { runtime: over, folder, environment: { USER: 'mo' } });
  expect(ran).toMatchObject({ code: 0 });
  return ran;
}

/** Everything that can be asked for a unit, with its name in every text. */
async function askAll(unit: string): Promise<readonly string[]> {
  const { client } = runtime;
  const input = { text: `${unit} asks "why"?` };
  const runIds: string[] = [];
  for (const thumb of ['up', 'down'] as const) {
    const stream = client.stream(await client.serve(bot, input, { unit }), input, { drafts: true });
    for await (const _ of stream);
    const { runId } = await stream.started;
    await client.feedback(runId, { thumb, note: unit, fields: { why: unit } }, { by: unit });
    runIds.push(runId);
  }
  const variant = await client.serve(patient, input, { unit });
  runIds.push((await (await client.start(variant, input, { idempotencyKey: unit })).finished).runId);
  // A second start of a workflow that runs leaves a history behind that belongs to nothing.
  const begun = await client.start(await client.serve(bot, input, { unit }), input);
  await begun.begun();
  runIds.push((await begun.finished).runId);
  return runIds;
}

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(runtime.databaseUrl);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Tables, and statistics of the planner, that have it. */
const inDatabase = (marker: string) =>
  withDatabase(async (database) => {
    const texts = [
      ...(await allText(database)),
      ['pg_stats', JSON.stringify(await database.query('select * from pg_stats'))],
    ];
    return texts.filter(([, text]) => text!.includes(marker)).map(([table]) => table!);
  });

test('nothing is left in any file, and numbers stay', async () => {
  const unit = word();
  const assigned = async () => (await runtime.client.serve(bot, { text: '' }, { unit: 'u' })).served.assignments.length;
  await expect.poll(assigned).toBe(1);
  const { rerunId } = await runtime.client.startShadow(hasty, { share: 1, by: 'ada' });
  const [runIds] = await Promise.all([askAll(unit), askAll(others)]);
  await expect.poll(() => runtime.store.reruns.progress(rerunId)).toMatchObject({ queued: 0, total: 8 });
  await runtime.client.stopRerun(rerunId);
  // As the database does by itself sooner or later.
  await withDatabase((database) => database.query('analyze'));
  await withDatabase((database) => database.query('checkpoint'));
  const tables = ['run', 'exposure', 'outcome', 'payload', 'rerun_result', 'pg_stats'];
  expect(await inDatabase(unit)).toEqual(expect.arrayContaining(tables));
  const before = await filesWith(state, unit);
  expect(before.filter((found) => found.startsWith('postgres/data/base'))).not.toEqual([]);
  expect(before.filter((found) => found.startsWith('postgres/data/pg_wal'))).not.toEqual([]);
  expect(before.filter((found) => found.startsWith('temporal/temporal.db'))).not.toEqual([]);
  const ledger = await sluice('experiment', 'audit', 'slower', '--json');

  const { stdout } = await sluice('runs', 'erase', '--unit', unit, '--yes', '--json');
  const outcome = JSON.parse(stdout) as { runs: string[]; erased: string[]; pseudonym: string };
  expect([...outcome.erased].sort()).toEqual([...runIds].sort());
  expect(await filesWith(state, unit)).toEqual([]);
  expect(await inDatabase(unit)).toEqual([]);
  expect(await filesWith(state, others)).not.toEqual([]);

  const { pseudonym } = outcome;
  expect(pseudonym).toMatch(/^erased-[0-9a-f]{32}$/);
  for (const runId of runIds)
    expect(await runtime.store.runs.get(runId)).toMatchObject({ unit: pseudonym, input: null });
  expect((await sluice('experiment', 'audit', 'slower', '--json')).stdout).toBe(ledger.stdout);

  // The servers go on as they were, and are the same after a restart.
  expect(await runtime.client.ask(bot, { text: 'and now?' }, { unit: others })).toMatchObject({ outcome: 'degraded' });
  await runtime.stop();
  expect(await filesWith(state, unit)).toEqual([]);
  await start();
  expect(await filesWith(state, unit)).toEqual([]);
  expect(await runtime.client.ask(bot, { text: 'and now?' }, { unit: others })).toMatchObject({ outcome: 'degraded' });
});

test('requests are answered meanwhile', async () => {
  const unit = word();
  await askAll(unit);
  const asks = Array.from({ length: 10 }, (_, no) =>
    runtime.client.ask(bot, { text: `meanwhile ${no}` }, { unit: `${others}-${no}` }),
  );
  const erased = await sluice('runs', 'erase', '--unit', unit, '--yes');
  expect(erased.stdout).toContain('4 runs erased');
  for (const ask of asks) expect(await ask).toMatchObject({ outcome: 'degraded' });
  expect(await filesWith(state, unit)).toEqual([]);
});
