/** What runs cost and may cost, through real workflows and the real adapters, against a stand-in of the provider. */
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import type { MakeImplementations } from '../../src/host/runtime.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { type Live, startLive } from '../support/live.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 3, timeout: '20 seconds', backoff: { first: '10 ms', factor: 1, max: '10 ms' } } as const;
const say = defineStep('say', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ model: z.string() }),
  effect: 'read',
  policy,
});
const plain = defineStep('plain', { version: 1, input: Text, output: Text, effect: 'none', policy });

const MODEL = { model: 'openai/gpt-5-mini' };
/** A cent for a reply of a hundred tokens, which is the most. */
const PRICES = 'openai/gpt-5-mini:input=0,output=100';
const SAME_PRICES = { 'gpt-5-mini': { inputPerMillion: 0, outputPerMillion: 100 } };

const implementations: MakeImplementations = ({ providers }) => [
  implement(plain, (input) => input),
  implement(say, async ({ text }, { config, runId, key, attempt, idempotencyKey, signal }) =>
    providers
      .languageModel(config.model)
      .writeText(
        { messages: [{ role: 'user', content: text }], maxOutputTokens: 100 },
        { runId, key, attempt, idempotencyKey, signal, priority: 'serving' },
      ),
  ),
];

const helped = { orElse: { text: 'instead' }, fallback: plain } as const;
const chain = definePipeline('chain', Text)
  .step('first', say, ({ input }) => ({ text: input.text }), MODEL)
  .step('second', say, ({ first }) => ({ text: first.text }), MODEL, helped)
  .output(Text, ({ second }) => ({ text: second.text }));
const fan = definePipeline('fan', Text)
  .step('a', say, ({ input }) => ({ text: input.text }), MODEL, helped)
  .step('b', say, ({ input }) => ({ text: input.text }), MODEL, helped)
  .step('c', say, ({ input }) => ({ text: input.text }), MODEL, helped)
  .step('d', say, ({ input }) => ({ text: input.text }), MODEL, helped)
  .output(z.object({ texts: z.array(z.string()) }), ({ a, b, c, d }) => ({ texts: [a.text, b.text, c.text, d.text] }));

let standIn: LocalStandIn;
let live: Live;
beforeAll(async () => {
  standIn = await startStandIn();
  live = await startLive(implementations, {
    OPENAI_API_KEY: 'sk-stand-in',
    OPENAI_BASE_URL: standIn.openaiUrl,
    SLUICE_PRICES: PRICES,
    SLUICE_LIMITS: 'openai/*:rpm=6000,concurrency=3',
  });
});
afterAll(async () => {
  await live?.stop();
  await standIn?.close();
});
beforeEach(async () => {
  await standIn.reset();
  await standIn.reply({}, { text: 'Yes.', usage: { outputTokens: 100 } }, { times: 'always' });
});

const costAttribute = async (runId: string) =>
  (await new Client({ connection: live.connection }).workflow.getHandle(runId).describe()).searchAttributes
    .SluiceCostUsd;

describe('a run', () => {
  test('costs what the provider charges, failed attempts included; nodes and calls say which', async () => {
    await standIn.fault({ kind: 'rate-limited', retryAfter: { ms: 20 } }, { times: 1 });
    await standIn.fault({ kind: 'malformed-json' }, { times: 1 });
    const run = await live.client.run(chain, { text: 'How?' });
    expect(run).toMatchObject({ outcome: 'completed', paidCalls: 4, unknownCalls: 1 });
    const whole = (await standIn.requests()).filter(({ fault }) => fault === null);
    expect(whole.length).toBe(2);
    expect(run.costUsd).toBe(0.02);
    expect(run.nodes.map(({ key, attempts, costUsd }) => [key, attempts, costUsd])).toEqual([
      ['first', 3, 0.01],
      ['second', 1, 0.01],
    ]);
    expect(run.calls.map(({ key, attempt, status, costUsd }) => [key, attempt, status, costUsd])).toEqual([
      ['first', 1, 'failed', 0],
      ['first', 2, 'failed', null],
      ['first', 3, 'done', 0.01],
      ['second', 1, 'done', 0.01],
    ]);
    expect(await costAttribute(run.runId)).toEqual([0.02]);
  });

  test('that costs nothing has no cost in the index of runs', async () => {
    const free = definePipeline('free', Text)
      .step('only', plain, ({ input }) => ({ text: input.text }))
      .output(Text, ({ only }) => ({ text: only.text }));
    const run = await live.client.run(free, { text: 'How?' });
    expect([run.costUsd, run.paidCalls, run.calls, await costAttribute(run.runId)]).toEqual([null, 0, [], undefined]);
  });

  test('ends when its budget is used up: no fallback and no value hides it', async () => {
    const run = await live.client.run(chain, { text: 'How?' }, { budget: { usd: 0.015 } });
    expect(run).toMatchObject({
      outcome: 'failed',
      costUsd: 0.01,
      error: { key: 'second', code: 'budget_exceeded', details: { limit: 'usd', budget: 0.015 } },
    });
    expect((await standIn.requests()).length).toBe(1);
    expect(await costAttribute(run.runId)).toEqual([0.01]);
  });

  test('with branches at once does not pay beyond its budget either', async () => {
    const run = await live.client.run(fan, { text: 'How?' }, { budget: { usd: 0.02 } });
    expect(run).toMatchObject({ outcome: 'failed', error: { code: 'budget_exceeded' } });
    expect((await standIn.requests()).length).toBeLessThanOrEqual(2);
    expect((await standIn.billed(SAME_PRICES)).usd).toBe(run.costUsd);
  });

  test('has a deadline of its own, which nothing hides; what it had paid is counted', async () => {
    await standIn.fault({ kind: 'hang' }, { skip: 1, times: 'always' });
    const run = await live.client.run(chain, { text: 'How?' }, { budget: { deadlineMs: 1_500 } });
    expect(run).toMatchObject({ outcome: 'failed', error: { key: 'second', code: 'budget_exceeded' }, costUsd: 0.01 });
    expect(run.calls.at(-1)).toMatchObject({ key: 'second', status: 'cut', usage: 'unknown', costUsd: null });
  });

  test('is refused a budget that is none', async () => {
    const start = live.client.run(chain, { text: 'How?' }, { budget: { usd: -1 } });
    await expect(start).rejects.toMatchObject({ code: 'budget_invalid' });
  });
});
