/** Backtests and shadows through real workflows, a real database and the real adapters; calls are counted at the provider. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../../src/boundary/implement.ts';
import { freezeSettings } from '../../../src/experiment/method.ts';
import { rerunReport } from '../../../src/experiment/rerun/rerun.ts';
import { rerunSpecOf } from '../../../src/experiment/rerun/rerun-request.ts';
import type { MakeImplementations } from '../../../src/host/runtime.ts';
import {
  type AnyVariant,
  defineExperiment,
  definePairScorer,
  definePipeline,
  defineScorer,
  defineStep,
  metric,
} from '../../../src/index.ts';
import type { RerunKind } from '../../../src/model/rerun-spec.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { type LocalStandIn, startStandIn } from '../../standin/start.ts';
import { type Live, startLive } from '../../support/live.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 1, timeout: '20 seconds' } as const;
const say = defineStep('say', {
  ...{ version: 1, input: Text, output: Text, effect: 'read', policy },
  config: z.object({ model: z.string(), prompt: z.string().default('') }),
});
const search = defineStep('search', {
  ...{ version: 1, input: Text, output: z.object({ passages: z.array(z.string()) }), effect: 'none', policy },
});
const check = defineStep('check', {
  ...{ version: 1, input: Text, output: z.object({ passed: z.boolean() }), effect: 'none', policy },
});
const long = defineStep('long', {
  ...{ version: 1, input: Text, output: z.object({ long: z.boolean() }), effect: 'none', policy },
});
const prefer = defineStep('prefer', {
  ...{ version: 1, input: z.object({ first: z.string(), second: z.string() }), effect: 'none', policy },
  output: z.object({ winner: z.enum(['first', 'second', 'tie']) }),
});

/** Served ones are slow to come; what is asked of the provider is told by its model. */
const [REWRITER, WRITER] = ['gpt-5-mini', 'gpt-5-nano'];
let searches = 0;
const implementations: MakeImplementations = ({ providers }) => [
  implement(say, async ({ text }, { config, runId, key, attempt, idempotencyKey, signal, priority }) =>
    providers
      .languageModel(config.model)
      .writeText(
        { messages: [{ role: 'user', content: `${config.prompt} ${text}` }], maxOutputTokens: 100 },
        { runId, key, attempt, idempotencyKey, signal, priority },
      ),
  ),
  implement(search, ({ text }) => {
    searches += 1;
    return { passages: [text] };
  }),
  implement(check, () => ({ passed: true })),
  implement(long, ({ text }) => ({ long: text.length > 10 })),
  implement(prefer, ({ first, second }) => ({ winner: first > second ? ('first' as const) : ('second' as const) })),
];

const bot = definePipeline('small-bot', Text)
  .step('enhance', say, ({ input }) => ({ text: input.text }), { model: `openai/${REWRITER}` })
  .step('found', search, ({ enhance }) => ({ text: enhance.text }))
  .repeat('answer', { max: 2, carry: Text, start: { text: '' }, whenExhausted: 'keep-last' }, (attempt) =>
    attempt
      .step('draft', say, ({ enhance }) => ({ text: enhance.text }), { model: `openai/${WRITER}` })
      .step('check', check, ({ draft }) => ({ text: draft.text }))
      .until(
        ({ check }) => check.passed,
        ({ draft }) => ({ text: draft.text }),
      ),
  )
  .output(z.object({ text: z.string(), sources: z.array(z.string()) }), ({ answer, found }) => ({
    ...{ text: answer.draft.text, sources: found.passages },
  }));
const chatty = bot.variant('chatty', (edit) => edit.configure('draft', { prompt: 'At length:' }));
const length = defineScorer('length', { pipeline: bot }, long, ({ output }) => ({ text: output.text }));
const scorers = [
  length,
  definePairScorer('preferred', { pipeline: bot }, prefer, ({ first, second }) => ({
    ...{ first: first.output.text, second: second.output.text },
  })),
].map(({ spec }) => spec);

const longer = defineExperiment('longer', {
  ...{ pipeline: bot, variants: [chatty], traffic: { share: 1, weights: { baseline: 0.5, chatty: 0.5 } } },
  scorers: [{ scorer: length, sample: 1 }],
  metrics: ({ score }) => ({ primary: [metric.rate('long', score(length).long).increase()] }),
});

let standIn: LocalStandIn;
let live: Live;
let database: Database;
const served: string[] = [];
beforeAll(async () => {
  standIn = await startStandIn();
  live = await startLive(implementations, {
    ...{ OPENAI_API_KEY: 'sk-stand-in', OPENAI_BASE_URL: standIn.openaiUrl },
    SLUICE_PRICES: `openai/${REWRITER}:input=0,output=100;openai/${WRITER}:input=0,output=100`,
  });
  database = openDatabase(live.databaseUrl);
  await prepare();
  for (const text of ['one', 'two', 'three', 'four', 'five']) served.push(await ask(text));
});
afterAll(async () => {
  await database?.close();
  await live?.stop();
  await standIn?.close();
});
beforeEach(prepare);

/** What the provider says; a reply costs a tenth of a cent. */
async function prepare(): Promise<void> {
  searches = 0;
  await standIn?.reset();
  const usage = { outputTokens: 10 };
  await standIn?.reply({ model: REWRITER }, { text: 'a question', usage }, { times: 'always' });
  await standIn?.reply({ contains: 'At length:' }, { text: 'a long answer', usage }, { times: 'always' });
  await standIn?.reply({ model: WRITER }, { text: 'short', usage }, { times: 'always' });
}

async function ask(text: string): Promise<string> {
  const { runId, output } = await live.client.run(bot, { text });
  expect(output).toEqual({ text: 'short', sources: ['a question'] });
  return runId;
}

const asked = (kind: RerunKind, variant: Pick<AnyVariant, 'name' | 'edits'> = chatty) => ({
  spec: rerunSpecOf({ kind, pipeline: bot.id, variant, scorers }),
  ...{ plan: chatty.plan, budgetUsd: null, startedBy: 'ada' },
});
const requestsTo = async (model: string) => (await standIn.requests({ model })).length;
const rowsIn = async (table: string) => {
  const [row] = await database.query<{ rows: number }>(`select count(*) as rows from ${table}`);
  return row!.rows;
};

describe('a backtest', () => {
  test('calls nothing before what the variant edits, and compares both answers of each run', async () => {
    const [runs, before] = [await rowsIn('run'), served.length];
    const row = await live.client.startRerun({ ...asked('backtest'), of: { runIds: served } });
    const ended = await live.client.followRerun(row.rerunId);
    expect(ended).toMatchObject({ state: 'completed', error: null });
    expect([await requestsTo(REWRITER), searches]).toEqual([0, 0]);
    expect(await requestsTo(WRITER)).toBe(before);
    expect(await live.store.reruns.progress(row.rerunId)).toMatchObject({
      ...{ total: 5, queued: 0, done: 5, failed: 0, skipped: 0, changed: 5 },
      calls: { reused: 10, made: 10 },
      paidUsd: 0.005,
    });
    const report = await rerunReport(live.store, ended);
    const told = Object.fromEntries(report!.metrics.map(({ name, sides }) => [name, sides[0]!]));
    expect(told['length.long']).toMatchObject({ baseline: { mean: 0 }, variant: { mean: 1 }, pairs: 5 });
    expect(told['preferred.win']).toMatchObject({ variant: { mean: 0 }, losses: 5 });
    // Each side's two replies cost as much, whoever paid for the first.
    expect(told.cost).toMatchObject({ baseline: { mean: 0.002 }, variant: { mean: 0.002 } });
    expect(told.latency?.pairs).toBe(5);
    expect(await live.store.reruns.result(row.rerunId, served[0]!)).toMatchObject({
      ...{ isChanged: true, calls: { reused: 2, made: 2 } },
      variant: { outcome: 'completed', output: { text: 'a long answer', sources: ['a question'] } },
    });
    expect([await rowsIn('run'), await rowsIn('exposure'), await rowsIn('outcome')]).toEqual([runs, 0, 0]);
  });

  test('leaves out, by name, what cannot be run again or has nothing to differ in', async () => {
    const start = { pipeline: bot.id, arms: {}, unit: null, idempotencyKey: null, input: { text: 'old' } };
    const node = { key: 'enhance', node: 'enhance', kind: 'step', step: 'say@1', call: 'step', attempts: 1 } as const;
    const took = { outcome: 'completed', startedAt: null, durationMs: null, queuedMs: null, error: null } as const;
    const { planId } = await live.store.runs.get(served[0]!);
    await live.store.runs.begin({ ...start, runId: 'unrecorded', planId });
    const ending = { outcome: 'completed', output: { text: 'x' }, error: null, finishedAt: 1 } as const;
    await live.store.runs.complete('unrecorded', { ...ending, nodes: [{ ...node, ...took }] });
    const { runId: already } = await live.client.run(chatty, { text: 'six' });
    const gone = { name: 'gone', edits: [{ node: 'nowhere', facet: 'config', config: {} }] } as const;
    const ends = async (variant: Pick<AnyVariant, 'name' | 'edits'>, runIds: readonly string[]) => {
      const { rerunId } = await live.client.startRerun({ ...asked('backtest', variant), of: { runIds } });
      expect(await live.client.followRerun(rerunId)).toMatchObject({ state: 'completed' });
      return (await live.store.reruns.progress(rerunId)).reasons;
    };
    expect(await ends(chatty, ['unrecorded', already])).toEqual([
      { state: 'skipped', code: 'outputs_missing', runs: 1 },
      { state: 'skipped', code: 'plan_same', runs: 1 },
    ]);
    expect(await ends(gone, served)).toEqual([{ state: 'skipped', code: 'edit_unknown_node', runs: 5 }]);
  });

  test('ends when what is left would cost more than it may', async () => {
    const request = { ...asked('backtest'), budgetUsd: 0.000_1, of: { runIds: served } };
    const { rerunId } = await live.client.startRerun(request);
    expect(await live.client.followRerun(rerunId)).toMatchObject({ state: 'out_of_budget' });
    expect(await live.store.reruns.progress(rerunId)).toMatchObject({ queued: 5, done: 0 });
    expect(await requestsTo(WRITER)).toBe(0);
  });
});

describe('a shadow', () => {
  test('repeats live runs unseen, and takes in none once it is stopped', async () => {
    const { rerunId } = await live.client.startRerun({ ...asked('shadow'), of: { share: 1 } });
    const progress = () => live.store.reruns.progress(rerunId);
    // Workers notice it within a second.
    await expect.poll(async () => [await ask('live'), (await progress()).total][1]).toBeGreaterThan(1);
    await expect.poll(async () => (await progress()).queued).toBe(0);
    const { total, done, changed, calls } = await progress();
    expect([done, changed]).toEqual([total, total]);
    expect(calls).toEqual({ reused: 2 * total, made: 2 * total });
    expect(await live.client.stopRerun(rerunId)).toMatchObject({ state: 'stopped' });
    await ask('later');
    expect((await progress()).total).toBe(total);
    expect([await rowsIn('exposure'), await rowsIn('outcome')]).toEqual([0, 0]);
    await expect(live.client.stopRerun(rerunId)).rejects.toMatchObject({ code: 'rerun_ended' });
  });
});

test('sampled live runs are scored in the background, each for its arm', async () => {
  const { client, store } = live;
  await client.deploy({ pipeline: bot.id, plan: bot.plan, by: 'ada', why: 'to begin with' });
  const settings = freezeSettings(longer.spec, { nStar: 5_000, vRefs: longer.spec.metrics.map(() => 1) });
  const { experimentId } = await client.startExperiment({ spec: longer.spec, settings, by: 'ada', why: 'to see' });
  const serves = async () => (await client.serve(bot, { text: '' }, { unit: 'unit-0' })).served.assignments.length;
  await expect.poll(serves).toBe(1);
  const units = Array.from({ length: 8 }, (_, index) => `unit-${index}`);
  const runs = await Promise.all(units.map((unit) => client.ask(bot, { text: 'live' }, { unit })));
  await expect.poll(() => store.scoreTasks.counts(experimentId)).toEqual({ queued: 0, done: 8, failed: 0 });
  const outcomes = await database.query<{ runId: string; v: number }>(
    `select run_id as "runId", v from outcome where delivery_id like 'score:%' order by run_id`,
  );
  const expected = runs.map(({ runId, arms }) => ({ runId, v: arms[experimentId] === 'chatty' ? 1_000_000 : 0 }));
  expect(outcomes).toEqual(expected.sort((one, other) => (one.runId < other.runId ? -1 : 1)));
  await client.steerExperiment(experimentId, { action: 'abort', by: 'ada', why: 'seen' });
});
