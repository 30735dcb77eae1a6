import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { type Live, startLive } from '../support/live.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 2, timeout: '30 seconds', backoff: { first: '10 ms', factor: 1, max: '10 ms' } } as const;
const upper = defineStep('upper', { version: 1, input: Text, output: Text, effect: 'none', policy });
const flaky = defineStep('flaky', { version: 1, input: Text, output: Text, effect: 'read', policy });
const broken = defineStep('broken', { version: 1, input: Text, output: Text, effect: 'read', policy });
const large = defineStep('large', {
  version: 1,
  input: Text,
  output: z.object({ lines: z.array(z.string()), isLarge: z.boolean() }),
  config: z.object({ bytes: z.number() }),
  effect: 'read',
  policy,
});
const count = defineStep('count', {
  version: 1,
  input: z.object({ lines: z.array(z.string()) }),
  output: z.object({ n: z.number() }),
  effect: 'read',
  policy,
});
const hang = defineStep('hang', {
  version: 1,
  input: Text,
  output: Text,
  effect: 'read',
  policy: { ...policy, attempts: 1, timeout: '400 ms' },
});
const unknown = defineStep('unknown', { version: 7, input: Text, output: Text, effect: 'read', policy });

const seen: string[] = [];
const implementations = () => [
  implement(upper, ({ text }) => ({ text: text.toUpperCase() })),
  implement(flaky, ({ text }, { attempt, idempotencyKey }) => {
    seen.push(idempotencyKey);
    if (attempt === 1)
      throw new StepFailure('rate_limited', {
        message: '429',
        remedy: 'wait',
        retryable: true,
        retryAfterMs: 300,
        benign: true,
      });
    return { text: `${text}!` };
  }),
  implement(broken, () => {
    throw new StepFailure('broken', { message: 'it is broken', remedy: 'mend it', retryable: false });
  }),
  implement(large, (_, { config }) => ({
    lines: Array.from({ length: 10 }, () => 'x'.repeat(config.bytes / 10)),
    isLarge: true,
  })),
  implement(count, ({ lines }) => ({ n: lines.length })),
  implement(hang, async (input, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return input;
  }),
];

let live: Live;
beforeAll(async () => {
  live = await startLive(implementations);
});
afterAll(() => live?.stop());

const one = (id: string, step: typeof upper | typeof flaky, options = {}) =>
  definePipeline(id, Text)
    .step('first', upper, ({ input }) => ({ text: input.text }))
    .step('second', step, ({ first }) => ({ text: first.text }), {}, options)
    .output(Text, ({ second }) => ({ text: second.text }));

describe('a run', () => {
  test('goes from definition to a recorded answer', async () => {
    const result = await live.client.run(one('simple', flaky), { text: 'hello' });
    expect(result).toMatchObject({ outcome: 'completed', output: { text: 'HELLO!' }, degraded: false, error: null });
    expect(result.nodes.map(({ key, step, attempts }) => ({ key, step, attempts }))).toEqual([
      { key: 'first', step: 'upper@1', attempts: 1 },
      { key: 'second', step: 'flaky@1', attempts: 2 },
    ]);
    expect(new Set(seen.splice(0))).toEqual(new Set([`${result.runId}:second`]));
    expect(result.nodes[1]?.durationMs).toBeGreaterThanOrEqual(300); // Retry-After is waited out
    expect(result.temporalUrl).toContain(`/workflows/${result.runId}`);
  });

  test('gives the answer of the first request to every repeat of it', async () => {
    const pipeline = one('idempotent', upper);
    const options = { idempotencyKey: 'request-1' };
    const [a, b] = await Promise.all([
      live.client.run(pipeline, { text: 'a' }, options),
      live.client.run(pipeline, { text: 'a' }, options),
    ]);
    const c = await live.client.run(pipeline, { text: 'a' }, options);
    expect([b, c]).toEqual([a, a]);
    await expect(live.client.run(pipeline, { text: 'b' }, options)).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  test('fails typed, naming its node, and is recorded so', async () => {
    const result = await live.client.run(one('failing', broken), { text: 'x' });
    expect(result).toMatchObject({
      outcome: 'failed',
      output: null,
      error: { node: 'second', code: 'broken', message: 'it is broken' },
    });
    expect(result.nodes.map(({ key, outcome }) => [key, outcome])).toEqual([
      ['first', 'completed'],
      ['second', 'failed'],
    ]);
  });

  test('degrades by orElse, and by a fallback in the local lane', async () => {
    const result = await live.client.run(one('degrading', broken, { orElse: { text: 'sorry' } }), { text: 'x' });
    expect(result).toMatchObject({ outcome: 'degraded', degraded: true, output: { text: 'sorry' } });
    const helped = await live.client.run(one('helped', broken, { fallback: upper }), { text: 'x' });
    expect(helped).toMatchObject({ outcome: 'degraded', output: { text: 'X' } });
    expect(helped.nodes[1]).toMatchObject({ step: 'upper@1', outcome: 'fallback', attempts: 2 });
    const local = await live.client.run(one('local', upper, { lane: 'local' }), { text: 'x' });
    expect(local).toMatchObject({ outcome: 'completed', output: { text: 'X' } });
  });

  test('keeps large values out of its history, and refuses what is too large', async () => {
    const sized = (bytes: number) =>
      definePipeline('large', Text)
        .step('many', large, ({ input }) => ({ text: input.text }), { bytes })
        .step('counted', count, ({ many }) => ({ lines: many.lines }))
        .output(z.object({ n: z.number(), isLarge: z.boolean() }), ({ counted, many }) => ({
          n: counted.n,
          isLarge: many.isLarge,
        }));
    const claimed = await live.client.run(sized(1_000_000), { text: 'x' });
    expect(claimed).toMatchObject({ outcome: 'completed', output: { n: 10, isLarge: true } });
    const refused = await live.client.run(sized(2_000_000), { text: 'x' });
    expect(refused).toMatchObject({ outcome: 'failed', error: { node: 'many', code: 'PayloadTooLarge' } });
  });

  test('ends a hanging step at its timeout, aborting it', async () => {
    const result = await live.client.run(one('hanging', hang), { text: 'x' });
    expect(result).toMatchObject({ outcome: 'failed', error: { node: 'second', code: 'timeout' } });
  });

  test('is cancelled by its caller, and recorded as cancelled', async () => {
    const controller = new AbortController();
    const slow = one('cancelled', hang, { timeout: '1 minute' });
    const started = await live.client.start(slow, { text: 'x' }, { signal: controller.signal });
    while ((await live.store.runs.get(started.runId)).state !== 'running') await delay(10);
    controller.abort();
    expect(await started.finished).toMatchObject({ outcome: 'cancelled', output: null });
  });

  test('is cancelled also before its workflow is there', async () => {
    const controller = new AbortController();
    const slow = one('cancelled-early', hang, { timeout: '1 minute' });
    const started = await live.client.start(slow, { text: 'x' }, { signal: controller.signal });
    controller.abort();
    expect(await started.finished).toMatchObject({ outcome: 'cancelled', output: null });
    const never = await live.client.run(slow, { text: 'x' }, { signal: AbortSignal.abort() });
    expect(never).toMatchObject({ outcome: 'cancelled', output: null });
  });

  test('is refused before it starts when its input or a step does not fit', async () => {
    await expect(live.client.run(one('input', upper), { text: 7 })).rejects.toMatchObject({ code: 'input_invalid' });
    await expect(live.client.run(one('input', upper), { text: 'a\0b' })).rejects.toMatchObject({
      code: 'input_invalid',
    });
    await expect(live.client.run(one('unknown', unknown), { text: 'x' })).rejects.toMatchObject({
      code: 'step_unregistered',
      data: { step: 'unknown@7' },
    });
  });
});
