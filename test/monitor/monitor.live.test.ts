/** A monitor over real workflows and a real database: what it samples, what comes of that, and who is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { implement } from '../../src/boundary/implement.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { connectRuntime, type MakeImplementations, type Runtime } from '../../src/host/runtime.ts';
import { defineExperiment, defineMonitor, definePipeline, defineScorer, defineStep, metric } from '../../src/index.ts';
import { isSampled } from '../../src/monitor/score-monitor.ts';
import { type Live, startLive } from '../support/live.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 1, timeout: '20 seconds' } as const;
const say = defineStep('say', { ...{ version: 1, input: Text, output: Text, effect: 'none', policy } });
const check = defineStep('check', {
  ...{ version: 1, input: Text, output: z.object({ good: z.boolean() }), effect: 'none', policy },
});

/** Judges wait here until somebody opens it. */
const gate = { asked: 0, open: Promise.withResolvers<void>() };
const implementations: MakeImplementations = () => [
  implement(say, ({ text }) => ({ text })),
  implement(check, async ({ text }) => {
    gate.asked += 1;
    await gate.open.promise;
    if (text.endsWith('7')) throw new StepFailure('judge_invalid', { message: 'no', remedy: 'none', retryable: false });
    return { good: false };
  }),
];

const bot = definePipeline('watched-bot', Text)
  .step('said', say, ({ input }) => ({ text: input.text }))
  .output(Text, ({ said }) => ({ text: said.text }));
const loud = bot.variant('loud', (edit) => edit.options('said', { timeout: '19 seconds' }));
const good = defineScorer('good', { pipeline: bot }, check, ({ output }) => ({ text: output.text }));
const watched = defineMonitor('good-live', {
  ...{ pipeline: bot, scorer: good, sample: 0.6 },
  alert: { field: 'good', below: 0.9, window: '1 minute', atLeast: 5 },
});
const louder = defineExperiment('louder', {
  ...{ pipeline: bot, variants: [loud], traffic: { share: 1, weights: { baseline: 0.5, loud: 0.5 } } },
  metrics: ({ feedback }) => ({ primary: [metric.rate('rated', feedback.rated).increase()] }),
});

/** What was told, and answered as if its first time was at a bad moment. */
const told: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
const receiver = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  told.push({ headers: request.headers, body });
  response.writeHead(told.length === 1 ? 503 : 204).end();
});

let live: Live;
let second: Runtime | undefined;
beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  live = await startLive(implementations, {
    SLUICE_ALERT_WEBHOOK: `http://127.0.0.1:${port}/alerts`,
    SLUICE_ALERT_SECRET: 'a-secret-of-twenty-four-characters',
  });
});
afterAll(async () => {
  gate.open.resolve();
  await second?.stop();
  await live?.stop();
  receiver.close();
});

test('what the hash says is scored, once each, also where a worker ends in between; and nothing else is changed by it', async () => {
  const { client, store } = live;
  await client.deploy({ pipeline: bot.id, plan: bot.plan, by: 'ada', why: 'to begin with' });
  const settings = freezeSettings(louder.spec, { nStar: 5_000, vRefs: louder.spec.metrics.map(() => 1) });
  const { experimentId } = await client.startExperiment({ spec: louder.spec, settings, by: 'ada', why: 'to see' });
  const assigned = async () => (await client.serve(bot, { text: '' }, { unit: 'unit-0' })).served.assignments.length;
  await expect.poll(assigned).toBe(1);
  const row = await client.startMonitor(watched.spec, { by: 'ada', why: 'to see' });
  expect(row).toMatchObject({ monitorId: 'good-live@1', state: 'running' });
  const ask = (from: number) =>
    Promise.all(
      Array.from({ length: 15 }, (_, no) =>
        client.ask(bot, { text: `run ${from + no}` }, { unit: `unit-${from + no}` }),
      ),
    );
  const first = await ask(0);
  // The worker ends with judges under way.
  await expect.poll(() => gate.asked).toBeGreaterThan(0);
  await live.worker!.stop();
  gate.open.resolve();
  second = await connectRuntime({ folder: live.folder, config: live.config, implementations });
  const runs = [...first, ...(await ask(15))];

  const sampled = runs.filter(({ runId }) => isSampled(watched.spec, runId));
  expect(sampled.length).toBeGreaterThan(10);
  const failing = sampled.filter(({ output }) => (output as { text: string }).text.endsWith('7'));
  await expect.poll(() => store.monitors.counts('good-live@1')).toMatchObject({ triggered: 30, waiting: 0 });
  expect(await store.monitors.counts('good-live@1')).toMatchObject({
    ...{ sampled: sampled.length, scored: sampled.length - failing.length, failed: failing.length },
    ...{ overBudget: 0, overQueue: 0, stopped: 0 },
  });
  const scores = await store.monitors.scores({ monitorId: 'good-live@1', limit: 100 });
  expect(scores.map(({ runId }) => runId).sort()).toEqual(sampled.map(({ runId }) => runId).sort());
  for (const score of scores) {
    const isFailing = failing.some(({ runId }) => runId === score.runId);
    if (isFailing) expect(score).toMatchObject({ state: 'failed', scores: null, error: { code: 'judge_invalid' } });
    else
      expect(score).toMatchObject({ state: 'done', scores: { good: 0 }, arms: { [experimentId]: expect.any(String) } });
  }

  // Nobody has rated anything: what the monitor says is not what people say.
  const { runId } = scores.find(({ state }) => state === 'done')!;
  expect(await store.feedback.ofRun(runId)).toMatchObject([{ by: 'monitor:good-live@1', fields: { good: 0 } }]);
  expect(await store.feedback.list({ pipeline: bot.id, limit: 9 })).toEqual([]);
  expect(await store.scoreTasks.counts(experimentId)).toEqual({ queued: 0, done: 0, failed: 0 });
});

test('an alert is told, signed, until it is taken; and a monitor that is stopped scores no more', async () => {
  const { client, store } = live;
  await expect
    .poll(async () => (await store.monitors.alerts('good-live@1', 9))[0])
    .toMatchObject({
      ...{ was: 'unknown', isNow: 'alerting', evidence: { field: 'good', mean: 0 } },
      ...{ deliveredAt: expect.any(Number), error: null },
    });
  expect(told.length).toBeGreaterThan(1);
  expect(new Set(told.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['good-live@1/1']));
  expect(await client.monitorStatus('good-live')).toMatchObject({ isStalled: false, row: { alert: 'alerting' } });

  expect(await client.stopMonitor('good-live', { by: 'ada', why: 'seen' })).toMatchObject({ state: 'stopped' });
  const before = await store.monitors.counts('good-live@1');
  await client.run(bot, { text: 'later' });
  expect(await store.monitors.counts('good-live@1')).toEqual(before);
  await expect(client.stopMonitor('good-live', { by: 'ada', why: 'again' })).rejects.toMatchObject({
    code: 'monitor_stopped',
  });
});
