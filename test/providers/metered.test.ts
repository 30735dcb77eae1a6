/** Money and rate limits around the real adapters, held against what the stand-in saw and charges. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createSecret } from '../../src/base/secret.ts';
import { PRICE_SETTINGS, parseLimitRules, parseModelRules } from '../../src/model/limit-rules.ts';
import type { ProviderCall } from '../../src/model/provider-call.ts';
import { createProviders } from '../../src/models/create-providers.ts';
import { createMeter, createMetered } from '../../src/models/metered.ts';
import type { ChatRequest, Providers } from '../../src/models/providers.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { RunBudget } from '../../src/store/runs.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { createEvaluation } from '../store/evaluation-helpers.ts';
import { startPglite, type TestDatabase } from '../support/postgres.ts';

const MODEL = 'openai/gpt-5-mini';
/** A reply of at most 100 tokens at a hundredth of a cent each, and prompts for nothing. */
const PRICES =
  'openai/gpt-5-mini:input=0,cached=0,output=100;openai/*:input=3,cached=0.3,output=70;cohere/rerank-v3.5:search=2';
const SAME_PRICES = {
  'gpt-5-mini': { inputPerMillion: 0, outputPerMillion: 100 },
  'gpt-5-nano': { inputPerMillion: 3, cachedInputPerMillion: 0.3, outputPerMillion: 70 },
  'text-embedding-3-small': { inputPerMillion: 3, outputPerMillion: 70 },
  'rerank-v3.5': { inputPerMillion: 0, outputPerMillion: 0, perSearchUnit: 0.002 },
};

const asked: ChatRequest = {
  messages: [{ role: 'user', content: 'How do I stream a response?' }],
  maxOutputTokens: 100,
};
const shape = { name: 'verdict', schema: z.object({ passed: z.boolean() }) };

let standIn: LocalStandIn;
let running: TestDatabase;
let database: Database;
let store: Store;
beforeAll(async () => {
  [standIn, running] = await Promise.all([
    startStandIn({ contextTokens: { 'command-of-tomorrow': 100_000 } }),
    startPglite(),
  ]);
  database = openDatabase(running.url);
  await migrate(database);
  store = createStore(database);
});
afterAll(async () => {
  await database?.close();
  await Promise.all([running?.stop(), standIn?.close()]);
});
beforeEach(async () => {
  await standIn.reset();
  await database.query('delete from rate_limit');
});

/** As one worker has them. */
function worker(limits = '', limitWaitMs = 5_000): Providers {
  const key = createSecret('sk-test');
  const settings = { openai: { key, baseUrl: standIn.openaiUrl }, cohere: { key, baseUrl: standIn.cohereUrl } };
  const rules = [parseLimitRules(limits), parseModelRules(PRICES, PRICE_SETTINGS)] as const;
  if ('problem' in rules[0] || 'problem' in rules[1]) throw new Error('the rules of this test are wrong');
  return createMetered(
    createProviders(settings),
    createMeter(createStore(database), { limits: rules[0], limitWaitMs, prices: rules[1] }),
  );
}

async function begin(budget?: RunBudget): Promise<string> {
  const runId = randomUUID();
  const about = { pipeline: 'bot', planId: 'p', arms: {}, unit: null, idempotencyKey: null, input: 1 };
  await store.runs.begin({ runId, ...about, ...(budget && { budget }) });
  return runId;
}

const callOf = (runId: string, more: Partial<ProviderCall> = {}): ProviderCall => ({
  runId,
  key: 'draft',
  attempt: 1,
  idempotencyKey: `${runId}:draft`,
  signal: new AbortController().signal,
  priority: 'serving',
  ...more,
});

const codesOf = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((each) => (each.status === 'fulfilled' ? 'done' : (each.reason as { code?: string }).code));

describe('a budget', () => {
  test('for ten calls lets ten of 32 at once be paid, and says of the others why not', async () => {
    await standIn.reply({}, { text: 'Yes.', usage: { outputTokens: 100 } }, { times: 'always' });
    const runId = await begin({ usd: 0.1 });
    const workers = [worker(), worker()];
    const settled = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) => workers[n % 2]!.languageModel(MODEL).writeText(asked, callOf(runId))),
    );
    expect(Object.groupBy(codesOf(settled), (code) => code!)).toEqual({
      done: Array(10).fill('done'),
      budget_exceeded: Array(22).fill('budget_exceeded'),
    });
    expect((await standIn.requests()).length).toBe(10);
    expect(await store.runs.spending(runId)).toMatchObject({ paidCalls: 10, costUsd: 0.1 });
    const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(failed.reason).toMatchObject({
      retryable: false,
      message:
        "the run's budget is $0.1; $0.1 are spent or under way, and a call to openai/gpt-5-mini may take up to $0.01",
      data: { limit: 'usd', budget: 0.1 },
    });
  });

  test('of an evaluation is said to be its, with how to raise it', async () => {
    const evaluationId = 'eval-dear-1';
    await createEvaluation({ store }, evaluationId, 0.015);
    const model = worker().languageModel(MODEL);
    await standIn.reply({}, { text: 'Yes.', usage: { outputTokens: 100 } }, { times: 'always' });
    await model.writeText(asked, callOf(evaluationId));
    await expect(model.writeText(asked, callOf(evaluationId))).rejects.toMatchObject({
      code: 'evaluation_budget',
      retryable: false,
      message: expect.stringMatching(/^the evaluation's budget is \$0\.015; \$0\.01 are spent or under way/),
      remedy: expect.stringContaining('sluice eval resume eval-dear-1 --budget-usd N'),
      data: { limit: 'usd', budget: 0.015, committed: 0.01, most: 0.01 },
    });
    expect(await store.evaluations.progress(evaluationId)).toMatchObject({ paidUsd: 0.01, unknownCalls: 0 });
    const unpriced = worker().languageModel('cohere/command-of-tomorrow');
    await expect(unpriced.writeText(asked, callOf(evaluationId))).rejects.toMatchObject({
      code: 'price_unknown',
      message: expect.stringContaining('the evaluation may spend $0.015'),
    });
  });

  test('in dollars does not let a call out whose price is unknown', async () => {
    const model = worker().languageModel('cohere/command-of-tomorrow');
    await expect(model.writeText(asked, callOf(await begin({ usd: 1 })))).rejects.toMatchObject({
      code: 'price_unknown',
    });
    expect(await standIn.requests()).toEqual([]);
    const runId = await begin({ tokens: 1_000 });
    await model.writeText(asked, callOf(runId));
    const spent = await store.runs.spending(runId);
    expect(spent).toMatchObject({ paidCalls: 1, costUsd: null, unknownCalls: 1 });
    expect(spent.inputTokens).toBeGreaterThan(0);
  });
});

describe('what a run has cost', () => {
  test('is what the provider charges, to the last digit, with failures, retries and every kind of call', async () => {
    const runId = await begin();
    const { languageModel, reranker, embedder } = worker();
    const model = languageModel('openai/gpt-5-nano');
    await standIn.fault({ kind: 'rate-limited' }, { times: 1 });
    await standIn.fault({ kind: 'status', status: 500 }, { times: 1 });
    await standIn.fault({ kind: 'malformed-json', where: 'reply' }, { schema: 'verdict', times: 1 });
    await standIn.fault({ kind: 'wrong-schema' }, { schema: 'verdict', times: 1 });
    await standIn.reply({ contains: 'cached' }, { text: 'Yes.', usage: { inputTokens: 900, cachedInputTokens: 512 } });
    await standIn.reply({ contains: 'refuse' }, { refusal: 'No.' });
    await standIn.reply({ contains: 'long' }, { text: 'word '.repeat(200), finish: 'length' });
    const say = (content: string): ChatRequest => ({ ...asked, messages: [{ role: 'user', content }] });
    const documents = Array.from({ length: 30 }, (_, n) => ({ text: `passage ${n} `.repeat(300) }));
    const settled: PromiseSettledResult<unknown>[] = [];
    for (const make of [
      ...Array(3).fill((call: ProviderCall) => model.writeText(asked, call)),
      ...Array(3).fill((call: ProviderCall) => model.writeData(asked, shape, call)),
      ...['cached', 'refuse', 'long'].map((word) => (call: ProviderCall) => model.writeText(say(word), call)),
      (call: ProviderCall) => model.writeText({ ...asked, onText: () => undefined }, call),
      (call: ProviderCall) => reranker('cohere/rerank-v3.5').rerank({ query: 'q', documents, topN: 5 }, call),
      (call: ProviderCall) =>
        embedder('openai/text-embedding-3-small').embed({ texts: ['a', 'b c'], as: 'query' }, call),
    ] as ((call: ProviderCall) => Promise<unknown>)[])
      settled.push(...(await Promise.allSettled([make(callOf(runId))])));
    expect(codesOf(settled)).toEqual([
      ...['rate_limited', 'overloaded', 'done'],
      ...['output_malformed', 'output_malformed', 'done'],
      ...['done', 'content_refused', 'output_cut'],
      ...['done', 'done', 'done'],
    ]);
    const spent = await store.runs.spending(runId);
    const { usd, searchUnits } = await standIn.billed(SAME_PRICES);
    expect(usd).toBeGreaterThan(0.01);
    expect(searchUnits).toBe(1);
    expect(spent.costUsd).toBeCloseTo(usd!, 10);
    expect(spent).toMatchObject({ paidCalls: 12, unknownCalls: 0, estimatedCalls: 0 });
    const calls = await store.calls.ofRun(runId);
    expect(calls.slice(0, 2).map(({ usage, costUsd }) => [usage, costUsd])).toEqual([
      ['none', 0],
      ['none', 0],
    ]);
    const seen = await standIn.requests();
    expect(calls[2]!.requestId).toBe(seen[2]!.requestId);
  });

  test('is counted by the tokenizer where a stream was cut, and not known where nothing came', async () => {
    const runId = await begin();
    const model = worker().languageModel(MODEL);
    const deltas = Array.from({ length: 40 }, (_, n) => ` piece ${n}`);
    await standIn.reply({}, { deltas }, { times: 'always' });
    await standIn.fault({ kind: 'cut', afterTokens: 20 }, { times: 1 });
    await standIn.fault({ kind: 'early-end', afterTokens: 10 }, { times: 1 });
    await standIn.fault({ kind: 'stall', afterTokens: 5 }, { times: 1 });
    await standIn.fault({ kind: 'hang' }, { times: 1 });
    const pieces: string[] = [];
    const streamed: ChatRequest = { ...asked, onText: (text) => pieces.push(text) };
    const failed = await Promise.allSettled([model.writeText(streamed, callOf(runId))]);
    expect(codesOf(failed)).toEqual(['overloaded']);
    await Promise.allSettled([model.writeText(streamed, callOf(runId, { attempt: 2 }))]);
    const stalled = new AbortController();
    const stop: ChatRequest = { ...asked, onText: () => stalled.abort(new Error('enough')) };
    await expect(model.writeText(stop, callOf(runId, { attempt: 3, signal: stalled.signal }))).rejects.toThrow(
      'enough',
    );
    const hung = new AbortController();
    const hanging = model.writeText(asked, callOf(runId, { attempt: 4, signal: hung.signal }));
    await standIn.until((requests) => requests.length === 4);
    hung.abort(new Error('enough'));
    await expect(hanging).rejects.toThrow('enough');
    const calls = await store.calls.ofRun(runId);
    expect(calls.map(({ status, usage, errorCode }) => [status, usage, errorCode])).toEqual([
      ['failed', 'estimated', 'overloaded'],
      ['failed', 'estimated', 'overloaded'],
      ['cut', 'estimated', 'cancelled'],
      ['cut', 'unknown', 'cancelled'],
    ]);
    const text = pieces.join('');
    const counted = calls[0]!.outputTokens! + calls[1]!.outputTokens!;
    expect(Math.abs(counted - model.countTokens(text).tokens)).toBeLessThanOrEqual(2);
    expect(await store.runs.spending(runId)).toMatchObject({ paidCalls: 4, unknownCalls: 1, estimatedCalls: 3 });
    expect(calls[3]).toMatchObject({ costUsd: null, inputTokens: null });
  });

  test('has no row for what runs here', async () => {
    const runId = await begin();
    const local = worker().reranker('local/lexical');
    await local.rerank({ query: 'stream', documents: [{ text: 'how to stream' }], topN: 1 }, callOf(runId));
    expect(await store.calls.ofRun(runId)).toEqual([]);
  });
});

describe('rate limits', () => {
  test('a 429 holds every worker until the time that it names', async () => {
    const runId = await begin();
    await standIn.fault({ kind: 'rate-limited', retryAfter: { ms: 700 } }, { times: 1 });
    const [one, other] = [worker('openai/*:rpm=6000'), worker('openai/*:rpm=6000')];
    await expect(one.languageModel(MODEL).writeText(asked, callOf(runId))).rejects.toMatchObject({
      code: 'rate_limited',
    });
    await Promise.all(
      [one, other, one, other].map((each) => each.languageModel('openai/gpt-5-nano').writeText(asked, callOf(runId))),
    );
    const [refused, ...later] = await standIn.requests();
    expect(later.length).toBe(4);
    for (const { atMs } of later) expect(atMs - refused!.atMs).toBeGreaterThanOrEqual(700);
  });

  test('no more calls are under way than may be', async () => {
    const runId = await begin();
    await standIn.fault({ kind: 'slow', msPerToken: 10 }, { times: 'always' });
    await standIn.reply({}, { text: 'one two three four five' }, { times: 'always' });
    const workers = [worker('openai/gpt-5-mini:concurrency=3'), worker('openai/gpt-5-mini:concurrency=3')];
    await Promise.all(
      Array.from({ length: 9 }, (_, n) => workers[n % 2]!.languageModel(MODEL).writeText(asked, callOf(runId))),
    );
    const seen = await standIn.requests();
    const underWay = seen.map(
      ({ atMs }) => seen.filter((other) => other.atMs <= atMs && (other.endedAtMs ?? Infinity) > atMs).length,
    );
    expect(seen.length).toBe(9);
    expect(Math.max(...underWay)).toBeLessThanOrEqual(3);
  });

  test('a turn too far away fails for now, benign, with the time to come back; nothing is asked', async () => {
    const runId = await begin();
    const model = worker('openai/*:rpm=1', 1_000).languageModel(MODEL);
    await model.writeText(asked, callOf(runId));
    const refused = model.writeText(asked, callOf(runId));
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', benign: true, retryable: true });
    const { retryAfterMs } = (await refused.catch((error: unknown) => error)) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect((await standIn.requests()).length).toBe(1);
    expect((await store.calls.ofRun(runId)).length).toBe(1);
  });

  test('a call that is given up while it waits ends at once, and its place comes back', async () => {
    const runId = await begin();
    const model = worker('openai/*:rpm=2,concurrency=2', 60_000).languageModel(MODEL);
    await model.writeText(asked, callOf(runId));
    const givenUp = new AbortController();
    const waiting = model.writeText(asked, callOf(runId, { signal: givenUp.signal }));
    const places = () => database.query<{ leases: object }>('select leases from rate_limit');
    while (Object.keys((await places())[0]!.leases).length === 0);
    givenUp.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    expect((await places())[0]!.leases).toEqual({});
    expect((await standIn.requests()).length).toBe(1);
  });
});

describe('the record of a call', () => {
  test('has what was sent and what came back of runs that are served, and never a key', async () => {
    const runId = await begin();
    await standIn.reply({ route: 'openai/chat' }, { text: 'Set stream to true.' });
    const documents = [{ n: 1, text: 'Streams are read piece by piece.' }];
    await worker()
      .languageModel(MODEL)
      .writeText({ ...asked, documents }, callOf(runId));
    const [call] = await store.traces.calls(runId);
    expect(call).toMatchObject({
      request: {
        // As it was sent: with its documents.
        messages: [
          { role: 'user', content: expect.stringMatching(/^<documents>.*piece by piece.*stream a response/s) },
        ],
        ...{ maxOutputTokens: 100, stream: false },
      },
      response: { text: 'Set stream to true.' },
    });
    expect(JSON.stringify(call)).not.toContain('sk-test');
  });

  test('has the failure where nothing came back, and nothing at all of evaluations', async () => {
    const [served, evaluated] = [await begin(), await begin()];
    await standIn.fault({ kind: 'status', status: 503 }, { times: 'always' });
    const model = worker().languageModel(MODEL);
    await expect(model.writeText(asked, callOf(served))).rejects.toMatchObject({ code: 'overloaded' });
    await expect(model.writeText(asked, callOf(evaluated, { priority: 'evaluation' }))).rejects.toThrow();
    const of = async (runId: string) =>
      (await store.traces.calls(runId)).map(({ request, response }) => [request, response]);
    const error = { code: 'overloaded', message: expect.stringContaining('503') };
    expect(await of(served)).toEqual([[expect.objectContaining({ maxOutputTokens: 100 }), { error }]]);
    expect(await of(evaluated)).toEqual([[null, null]]);
  });
});
