/** What the bot owes its callers when models fail: when it asks again, how often, what it tells, and what it marks. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Runnable } from '../../src/client/client.ts';
import type { FaultWhen } from '../standin/stand-in.ts';
import { hurriedBot, MODELS, unhelpedBot, wordlessBot } from './hurried-bot.ts';
import { ingestDocuments, openStage, type Stage, sayYes } from './stage.ts';

const QUESTION = { question: 'Within how many days of the return of the goods is a refund paid?' };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ temporalAddress: inject('temporalAddress'), cache: inject('cache') });
  await stage.startWorker();
  await ingestDocuments(stage);
});
beforeEach(async () => {
  await stage.standIn.reset();
  await sayYes(stage.standIn);
});
afterAll(() => stage?.stop());

const ask = (pipeline: Runnable) => stage.runtime.client.run(pipeline, QUESTION);
const to = (model: string): FaultWhen => ({ model: model.slice(model.indexOf('/') + 1) });
const outcomeOf = async (runId: string) =>
  (await stage.temporal.workflow.getHandle(runId).describe()).searchAttributes.SluiceOutcome;

describe('R13: 429 with Retry-After', () => {
  test.each([
    { key: 'vector', model: MODELS.vector, times: 3, retryAfter: { ms: 300 }, askedMs: 300 },
    { key: 'ranked', model: MODELS.ranked, times: 2, retryAfter: { seconds: 1 }, askedMs: 1_000 },
  ])(
    '$times times at $model: no attempt before it was asked for',
    async ({ key, model, times, retryAfter, askedMs }) => {
      await stage.standIn.fault({ kind: 'rate-limited', retryAfter }, { ...to(model), times });
      const run = await ask(hurriedBot);
      expect(run.outcome).toBe('completed');
      expect(run.nodes.find((node) => node.key === key)?.attempts).toBe(times + 1);
      const requests = await stage.standIn.requests(to(model));
      expect(requests.map(({ status }) => status)).toEqual([...Array.from({ length: times }, () => 429), 200]);
      const waits = requests.slice(1).map(({ atMs }, before) => atMs - requests[before]!.endedAtMs!);
      for (const waitMs of waits) expect(waitMs).toBeGreaterThanOrEqual(askedMs);
    },
  );

  test('for ever: as many attempts as the step has, and no more', async () => {
    await stage.standIn.fault(
      { kind: 'rate-limited', retryAfter: { ms: 50 } },
      { ...to(MODELS.draft), times: 'always' },
    );
    const run = await ask(hurriedBot);
    expect(run.outcome).toBe('degraded');
    expect((await stage.standIn.requests(to(MODELS.draft))).length).toBe(3);
    expect((await stage.standIn.requests(to(MODELS.draftFallback))).length).toBe(1);
  });
});

describe('R14: a reply that does not fit its schema', () => {
  test.each([
    { key: 'enhance', model: MODELS.enhance },
    { key: 'check[1]', model: MODELS.check },
  ])('of $key is asked for again, twice; then the run fails typed, and its record is whole', async ({ key, model }) => {
    await stage.standIn.fault({ kind: 'wrong-schema' }, { ...to(model), times: 'always' });
    const run = await ask(unhelpedBot);
    expect(run).toMatchObject({ outcome: 'failed', output: null, error: { code: 'output_malformed', key } });
    expect((await stage.standIn.requests(to(model))).length).toBe(3);
    const row = await stage.runtime.store.runs.get(run.runId);
    expect(row).toMatchObject({ state: 'failed', arms: {}, error: { code: 'output_malformed', key } });
    expect(row.finishedAt).toBeGreaterThanOrEqual(row.startedAt);
    expect(row.nodes.find((node) => node.key === key)).toMatchObject({ outcome: 'failed', attempts: 3 });
    // Each of the three was paid for, by the provider's own numbers.
    const paid = row.calls.filter((call) => call.key === key);
    expect(paid.map(({ status, usage }) => [status, usage])).toEqual(Array(3).fill(['failed', 'reported']));
    expect(await outcomeOf(run.runId)).toEqual(['failed']);
  });

  test('once is mended by asking again', async () => {
    await stage.standIn.fault({ kind: 'wrong-schema' }, { ...to(MODELS.check), times: 1 });
    const run = await ask(unhelpedBot);
    expect(run).toMatchObject({ outcome: 'completed', output: { answered: true } });
    expect(run.nodes.find(({ key }) => key === 'check[1]')?.attempts).toBe(2);
  });
});

describe('R20: the reranker is down', () => {
  test('the answer comes in the order of the search, marked in result, record and search attribute', async () => {
    await stage.standIn.fault({ kind: 'status', status: 503 }, { ...to(MODELS.ranked), times: 'always' });
    const run = await ask(hurriedBot);
    expect(run).toMatchObject({ outcome: 'degraded', degraded: true, output: { answered: true } });
    const ranked = run.nodes.find(({ key }) => key === 'ranked');
    expect(ranked).toMatchObject({ step: 'keepOrder@1', attempts: 4, error: { code: 'overloaded' } });
    const row = await stage.runtime.store.runs.get(run.runId);
    expect(row).toMatchObject({ state: 'degraded', arms: {} });
    expect(await outcomeOf(run.runId)).toEqual(['degraded']);
    expect(await outcomeOf((await ask(wordlessBot)).runId)).toEqual(['degraded']);
  });

  test('a run in which all goes well is marked as none', async () => {
    const run = await ask(hurriedBot);
    expect(run).toMatchObject({ outcome: 'completed', degraded: false });
    expect(await outcomeOf(run.runId)).toEqual(['completed']);
  });
});

describe('retrievers that fail', () => {
  test('one of two: the other answers, and the run says which failed', async () => {
    await stage.standIn.fault({ kind: 'status', status: 401 }, { ...to(MODELS.vector), times: 'always' });
    const run = await ask(hurriedBot);
    expect(run).toMatchObject({
      outcome: 'degraded',
      output: { answered: true, citations: [{ passageId: 'refunds' }] },
    });
    const failed = run.nodes.filter(({ error }) => error !== null);
    expect(failed.map(({ key, error }) => [key, error?.code])).toEqual([['vector', 'key_invalid']]);
  });

  test('the other of two', async () => {
    const run = await ask(wordlessBot);
    expect(run).toMatchObject({ outcome: 'degraded', output: { answered: true } });
    expect(run.nodes.find(({ key }) => key === 'keyword')?.error?.code).toBe('index_unknown');
  });

  test('all: the run fails, and does not say that the documents have no answer', async () => {
    await stage.standIn.fault({ kind: 'status', status: 401 }, { ...to(MODELS.vector), times: 'always' });
    const run = await ask(wordlessBot);
    expect(run).toMatchObject({ outcome: 'failed', output: null, error: { code: 'retrieval_failed', key: 'fused' } });
    // Nothing is asked of models that could only have invented an answer.
    expect((await stage.standIn.requests(to(MODELS.draft))).length).toBe(0);
  });
});
