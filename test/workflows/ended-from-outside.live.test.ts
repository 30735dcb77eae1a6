/** Runs whose workflow cannot record itself: terminated, never started, or fed with what is no run. */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { ANSWER_UPDATE, RUN_WORKFLOW } from '../../src/model/run-messages.ts';
import { type Live, startLive } from '../support/live.ts';
import { sweeperOf } from '../support/sweeper.ts';

const Text = z.object({ text: z.string() });
const hang = defineStep('hang', {
  version: 1,
  input: Text,
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '1 minute' },
});
const slow = definePipeline('slow', Text)
  .step('hanging', hang, ({ input }) => ({ text: input.text }))
  .output(Text, ({ hanging }) => ({ text: hanging.text }));

let live: Live;
let temporal: Client;
let begun: PromiseWithResolvers<void>;
beforeAll(async () => {
  begun = Promise.withResolvers();
  live = await startLive(() => [
    implement(hang, (_, { signal }) => {
      begun.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }),
  ]);
  temporal = new Client({ connection: live.connection, namespace: live.temporal.namespace });
});
afterAll(() => live?.stop());

const start = () => ({
  runId: `run-${randomUUID()}`,
  pipeline: 'slow',
  planId: 'p',
  arms: {},
  unit: null,
  idempotencyKey: null,
  input: {},
});

describe('a run ended from outside', () => {
  test('tells its caller, and its row says so', async () => {
    const { runId, finished } = await live.client.start(slow, { text: 'x' });
    await begun.promise;
    await temporal.workflow.getHandle(runId).terminate('by hand');
    expect(await finished).toMatchObject({ runId, outcome: 'failed', output: null, error: { code: 'terminated' } });
  });

  test('is closed by the sweeper where no caller waits', async () => {
    const lost = start();
    await live.store.plans.put('p', slow.plan);
    await live.store.runs.begin(lost);
    const sweep = sweeperOf(live.store, temporal, { olderThanMs: 0, startableMs: 0 });
    expect((await sweep()).closed).toBeGreaterThanOrEqual(1);
    expect(await live.store.runs.get(lost.runId)).toMatchObject({
      state: 'failed',
      error: { code: 'terminated', message: expect.stringContaining('not found') },
    });
    expect(await sweep()).toEqual({ closed: 0 });
  });

  test('one that is under way is left alone by the sweeper', async () => {
    begun = Promise.withResolvers();
    const { runId, finished } = await live.client.start(slow, { text: 'x' });
    await begun.promise;
    expect(await sweeperOf(live.store, temporal, { olderThanMs: 0, startableMs: 0 })()).toEqual({
      closed: 0,
    });
    expect(await live.store.runs.get(runId)).toMatchObject({ state: 'running' });
    await temporal.workflow.getHandle(runId).cancel();
    expect(await finished).toMatchObject({ outcome: 'cancelled' });
  });
});

describe('a workflow that was started by something else', () => {
  test.each([
    ['nothing', []],
    ['text', ['not a run']],
    [
      'a plan of another format',
      [{ planId: 'p', plan: { format: 99, nodes: [] }, input: {}, limits: { deadlineMs: 1 } }],
    ],
  ])('with %s as its input fails at once, typed', async (_, args) => {
    const workflowId = `poison-${randomUUID()}`;
    await temporal.workflow.start(RUN_WORKFLOW, { workflowId, taskQueue: live.config.queues.run, args });
    await expect(temporal.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
      cause: { type: 'RunFailed', details: [{ code: 'run_unreadable' }] },
    });
  });

  test('refuses an update with arguments', async () => {
    begun = Promise.withResolvers();
    const { runId, finished } = await live.client.start(slow, { text: 'x' });
    await begun.promise;
    const handle = temporal.workflow.getHandle(runId);
    await expect(handle.executeUpdate(ANSWER_UPDATE, { args: ['poison'] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('takes no arguments') },
    });
    await handle.cancel();
    await finished;
  });
});
