/** Evaluations that are paused, resumed and cancelled at awkward moments, by several clients, with workers that come and go. */
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluationClient, type EvaluationClient } from '../../src/client/evaluation-client.ts';
import { EVALUATION_PROGRESS, type EvaluateProgress } from '../../src/model/evaluate-messages.ts';
import { example, newWorld, planOf, smallSpec } from '../evaluation/small-evaluation.ts';
import { type Live, startLive } from '../support/live.ts';
import { newGate, type Workers, workersOf } from './evaluate-workers.ts';

let live: Live;
let temporal: Client;
let client: EvaluationClient;
let workers: Workers;
const world = newWorld();
beforeAll(async () => {
  live = await startLive();
  temporal = new Client({ connection: live.connection });
  client = clientWith({});
  workers = workersOf(live, world);
});
afterAll(() => live?.stop());
beforeEach(() => {
  Object.assign(world, newWorld());
});
afterEach(() => workers.stop());

const clientWith = (more: { readonly chunksPerHistory?: number; readonly answerLimitMs?: number }) =>
  createEvaluationClient({
    ...{ temporal, store: live.store, queues: live.config.queues, check: async () => undefined },
    ...more,
  });

let evaluations = 0;
/** On so many examples, each a chunk, of words of its own. */
async function start(count: number, starting = client): Promise<string> {
  evaluations += 1;
  const examples = Array.from({ length: count }, (_, n) => example(`e${n}`, `Steered ${n} of ${evaluations}`, 'so'));
  const { version } = await live.store.datasets.put('steered', examples, 'test').then((put) => put.version);
  const spec = smallSpec(version, count);
  return (await starting.startEvaluation({ spec, plans: planOf(), budgetUsd: null, startedBy: 'test' })).evaluationId;
}
const stateOf = async (evaluationId: string) => (await live.store.evaluations.get(evaluationId)).state;
const followed = async (evaluationId: string) => (await client.followEvaluation(evaluationId)).state;
const phaseOf = async (evaluationId: string) =>
  (await temporal.workflow.getHandle(evaluationId).query<EvaluateProgress>(EVALUATION_PROGRESS)).phase;
const reasonsOf = async (evaluationId: string) => {
  const rows = await Array.fromAsync(live.store.evaluations.eachResult(evaluationId));
  const reasons = rows.map(({ cells: { overlap } }) =>
    overlap!.state === 'missing' ? overlap!.reason : overlap!.state,
  );
  return { rows: rows.length, reasons: [...new Set(reasons)] };
};
const CANCELLED = 'the evaluation was cancelled before';

describe('while it begins', () => {
  test('it can be paused, which is not forgotten when it has begun, and resumed', async () => {
    const gate = newGate();
    await workers.start({ beginEvaluation: gate.hold });
    const evaluationId = await start(2);
    await gate.reached;
    await client.pauseEvaluation(evaluationId);
    gate.open();
    await expect.poll(() => phaseOf(evaluationId)).toBe('paused');
    expect([await stateOf(evaluationId), world.asked]).toEqual(['paused', []]);
    expect((await client.resumeEvaluation(evaluationId)).state).toBe('running');
    expect(await followed(evaluationId)).toBe('completed');
  });

  test('it can be cancelled, and stays so', async () => {
    const gate = newGate();
    await workers.start({ beginEvaluation: gate.hold });
    const evaluationId = await start(2);
    await gate.reached;
    await client.cancelEvaluation(evaluationId);
    gate.open();
    expect(await followed(evaluationId)).toBe('cancelled');
    await workers.stop();
    expect([await stateOf(evaluationId), world.asked]).toEqual(['cancelled', []]);
    expect(await reasonsOf(evaluationId)).toEqual({ rows: 4, reasons: [CANCELLED] });
  });
});

describe('while it is paused', () => {
  test('it can be resumed twice, by two at once, and from the beginning of another history', async () => {
    await workers.start({});
    const short = clientWith({ chunksPerHistory: 2 });
    const gate = newGate();
    world.gate = gate.opened;
    const evaluationId = await start(7, short);
    const following = followed(evaluationId);
    await expect.poll(() => world.asked.length).toBeGreaterThan(0);
    await short.pauseEvaluation(evaluationId);
    await short.pauseEvaluation(evaluationId);
    gate.open();
    await expect.poll(() => phaseOf(evaluationId)).toBe('paused');
    await Promise.all([client.resumeEvaluation(evaluationId), short.resumeEvaluation(evaluationId)]);
    expect([await following, await followed(evaluationId)]).toEqual(['completed', 'completed']);
    expect(await reasonsOf(evaluationId)).toEqual({ rows: 14, reasons: ['done'] });
    await expect(client.resumeEvaluation(evaluationId)).rejects.toMatchObject({ code: 'evaluation_completed' });
  });

  test('it can be cancelled, and gone on with', async () => {
    await workers.start({});
    world.gate = new Promise(() => undefined);
    const evaluationId = await start(3);
    await expect.poll(() => world.asked.length).toBeGreaterThan(0);
    await client.pauseEvaluation(evaluationId);
    await client.cancelEvaluation(evaluationId);
    expect(await followed(evaluationId)).toBe('cancelled');
    world.gate = Promise.resolve();
    await client.resumeEvaluation(evaluationId);
    expect(await followed(evaluationId)).toBe('completed');
  });

  test('Temporal may lose it: it is gone on with, or given up, all the same', async () => {
    const gate = newGate();
    await workers.start({ beginEvaluation: gate.hold });
    const [kept, given] = [await start(2), await start(2)];
    await gate.reached;
    for (const evaluationId of [kept, given]) {
      await client.pauseEvaluation(evaluationId);
      await temporal.workflow.getHandle(evaluationId).terminate('lost');
    }
    await client.cancelEvaluation(given);
    expect([await stateOf(given), await reasonsOf(given)]).toEqual(['cancelled', { rows: 4, reasons: [CANCELLED] }]);
    await expect(client.cancelEvaluation(given)).rejects.toMatchObject({ code: 'evaluation_not_running' });
    gate.open();
    await client.resumeEvaluation(kept);
    expect(await followed(kept)).toBe('completed');
  });
});

describe('while it ends', () => {
  test('those who would go on with a cancelled one wait, and do', async () => {
    const gate = newGate();
    await workers.start({ endEvaluation: gate.hold });
    world.gate = new Promise(() => undefined);
    const evaluationId = await start(3);
    await expect.poll(() => world.asked.length).toBeGreaterThan(0);
    await client.cancelEvaluation(evaluationId);
    await gate.reached;
    world.gate = Promise.resolve();
    await expect(client.pauseEvaluation(evaluationId)).rejects.toMatchObject({ code: 'evaluation_not_running' });
    const resumed = Promise.all([client.resumeEvaluation(evaluationId), client.resumeEvaluation(evaluationId)]);
    gate.open();
    await resumed;
    expect(await followed(evaluationId)).toBe('completed');
    expect(await reasonsOf(evaluationId)).toEqual({ rows: 6, reasons: ['done'] });
  });

  test('a chunk that fails when it is cancelled makes it no failure', async () => {
    await workers.start({
      evaluateChunk: async () => {
        const context = Context.current();
        const beats = setInterval(() => context.heartbeat(), 20);
        await context.cancelled.catch(() => clearInterval(beats));
        throw ApplicationFailure.nonRetryable('the worker has lost its database', 'database_unreachable');
      },
    });
    const evaluationId = await start(2);
    await expect.poll(() => phaseOf(evaluationId)).toBe('running');
    await client.cancelEvaluation(evaluationId);
    expect(await followed(evaluationId)).toBe('cancelled');
  });
});

describe('without a worker', () => {
  test('it cannot be told anything but to end, and says so; whoever comes ends it without a call', async () => {
    const evaluationId = await start(2);
    const impatient = clientWith({ answerLimitMs: 200 });
    for (const ask of [impatient.pauseEvaluation, impatient.resumeEvaluation])
      await expect(ask(evaluationId)).rejects.toMatchObject({
        code: 'evaluation_unanswered',
        message: expect.stringContaining(evaluationId),
        remedy: expect.stringContaining('sluice worker'),
      });
    expect(await stateOf(evaluationId)).toBe('begun');
    await client.cancelEvaluation(evaluationId);
    await workers.start({});
    expect([await followed(evaluationId), world.asked]).toEqual(['cancelled', []]);
  });

  test('that ends in the middle, it goes on with the next', async () => {
    await workers.start({});
    world.gate = new Promise(() => undefined);
    const evaluationId = await start(3);
    await expect.poll(() => world.asked.length).toBeGreaterThan(0);
    await workers.stop();
    world.gate = Promise.resolve();
    expect(await stateOf(evaluationId)).toBe('running');
    await workers.start({});
    expect(await followed(evaluationId)).toBe('completed');
    expect(await reasonsOf(evaluationId)).toEqual({ rows: 6, reasons: ['done'] });
  });
});
