/**
 * What Temporal would refuse for ever, or end without a word: too many calls at once, too much in one message, too long a
 * history. Each was a run that hung, or was terminated, before it had a limit of ours.
 */
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { payloadConverterPath, workflowBundle } from '../../src/worker/bundle.ts';
import { type Live, startLive } from '../support/live.ts';

const Text = z.object({ text: z.string() });
const Item = z.object({ text: z.string(), keep: z.boolean() });
const Count = z.object({ characters: z.number() });
const policy = { attempts: 1, timeout: '1 minute' } as const;
const echo = defineStep('echo', { version: 1, input: Text, output: Text, effect: 'none', policy });
const shout = defineStep('shout', { version: 1, input: Text, output: Text, effect: 'read', policy });
const list = defineStep('list', {
  version: 1,
  input: Text,
  output: z.object({ items: z.array(Item) }),
  config: z.object({ count: z.number(), size: z.number() }),
  effect: 'read',
  policy,
});
const count = defineStep('count', {
  version: 1,
  input: z.object({ all: Text, item: Item }),
  output: Count,
  effect: 'read',
  policy,
});

let live: Live;
beforeAll(async () => {
  live = await startLive(
    () => [
      implement(echo, ({ text }) => ({ text })),
      implement(shout, () => {
        throw new Error('x'.repeat(1_000_000));
      }),
      implement(list, (_, { config: { count, size } }) => ({
        items: Array.from({ length: count }, (_, index) => ({ text: 'z'.repeat(size), keep: index % 2 === 0 })),
      })),
      implement(count, ({ all, item }) => ({ characters: all.text.length + item.text.length })),
    ],
    { SLUICE_RUN_DEADLINE_MS: '120000' },
  );
});
afterAll(() => live?.stop());

async function historyOf(workflowId: string) {
  const { address, namespace } = live.temporal;
  const connection = await Connection.connect({ address, channelArgs: { 'grpc.max_receive_message_length': -1 } });
  const history = await new Client({ connection, namespace }).workflow.getHandle(workflowId).fetchHistory();
  await connection.close();
  return history;
}

/** The run's history also fits today's workflows: what waited its turn waits it again. */
async function replay(workflowId: string): Promise<void> {
  const bundle = await workflowBundle(live.config.cache!);
  const options = { workflowBundle: bundle, dataConverter: { payloadConverterPath } };
  await Worker.runReplayHistory(options, await historyOf(workflowId), workflowId);
}

const limits = { max: 1_000, concurrency: 100, whenOver: 'fail' } as const;
const withList = (id: string, size: number, items: number, itemSize = 1) =>
  definePipeline(id, Text)
    .step('large', echo, () => ({ text: 'y'.repeat(size) }))
    .step('listed', list, ({ input }) => ({ text: input.text }), { count: items, size: itemSize });

describe('a run is not lost', () => {
  test('to an error of a megabyte, told again by all who waited for it', async () => {
    const pipeline = definePipeline('large-error', Text)
      .step('shouted', shout, ({ input }) => ({ text: input.text }))
      .step('second', echo, ({ shouted }) => ({ text: shouted.text }))
      .step('third', echo, ({ second }) => ({ text: second.text }))
      .output(Text, ({ third }) => ({ text: third.text }));
    const result = await live.client.run(pipeline, { text: 'x' });
    expect(result).toMatchObject({ outcome: 'failed', error: { node: 'shouted' } });
    expect(result.error?.message).toMatch(/^x{4000} \(and 996000 characters more\)$/);
  });

  test('to more calls than may be under way at once: some wait', async () => {
    const pipeline = withList('many-calls', 1, 20)
      .map(
        'outer',
        z.object({ texts: z.array(Text) }),
        ({ listed }) => listed.items,
        limits,
        (outer) =>
          outer
            .map(
              'inner',
              Text,
              ({ listed }) => listed.items,
              limits,
              (inner) => inner.step('echoed', echo, ({ item }) => ({ text: item.text })).yield(({ echoed }) => echoed),
            )
            .yield(({ inner }) => ({ texts: inner })),
      )
      .output(z.object({ all: z.array(z.object({ texts: z.array(Text) })) }), ({ outer }) => ({ all: outer }));
    const result = await live.client.run(pipeline, { text: 'x' });
    expect(result).toMatchObject({ outcome: 'completed' });
    expect(result.nodes).toHaveLength(2 + 1 + 20 + 400);
    const { events } = await historyOf(result.runId);
    let [pending, most] = [0, 0];
    for (const { activityTaskScheduledEventAttributes: asked, activityTaskCompletedEventAttributes: done } of events!) {
      pending += (asked ? 1 : 0) - (done ? 1 : 0);
      most = Math.max(most, pending);
    }
    expect(most).toBe(200);
  });

  test.each(['activity', 'local'] as const)('to inputs and results that one message cannot hold: %s', async (lane) => {
    const pipeline = withList(`large-${lane}`, 200_000, 40)
      .map(
        'each',
        Count,
        ({ listed }) => listed.items,
        limits,
        (each) =>
          each
            .step('again', echo, ({ large }) => ({ text: large.text }), {}, { lane })
            .step('counted', count, ({ again, item }) => ({ all: again, item }))
            .yield(({ counted }) => counted),
      )
      .output(z.object({ counts: z.array(Count) }), ({ each }) => ({ counts: each }));
    const result = await live.client.run(pipeline, { text: 'x' });
    expect(result).toMatchObject({ outcome: 'completed', error: null });
    expect(result.output).toEqual({ counts: Array.from({ length: 40 }, () => ({ characters: 200_001 })) });
    await replay(result.runId);
  });

  test('to more than a history can hold: it fails, typed', async () => {
    const pipeline = withList('too-much', 240_000, 300)
      .map(
        'each',
        Count,
        ({ listed }) => listed.items,
        limits,
        (each) =>
          each.step('counted', count, ({ large, item }) => ({ all: large, item })).yield(({ counted }) => counted),
      )
      .output(z.object({ counts: z.array(Count) }), ({ each }) => ({ counts: each }));
    const result = await live.client.run(pipeline, { text: 'x' });
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'run_too_large', node: 'counted' } });
  });
});

test('a condition inside a list that is stored aside is read', async () => {
  const pipeline = withList('claimed-condition', 1, 10, 40_000)
    .map(
      'each',
      Text,
      ({ listed }) => listed.items,
      limits,
      (each) =>
        each
          .step(
            'kept',
            echo,
            ({ item }) => ({ text: item.text }),
            {},
            { when: ({ item }) => item.keep, orElse: { text: '' } },
          )
          .yield(({ kept }) => kept),
    )
    .output(z.object({ texts: z.array(Text) }), ({ each }) => ({ texts: each }));
  const { outcome, output } = await live.client.run(pipeline, { text: 'x' });
  expect(outcome).toBe('completed');
  const { texts } = output as { texts: { text: string }[] };
  expect(texts.map(({ text }) => text.length)).toEqual([40_000, 0, 40_000, 0, 40_000, 0, 40_000, 0, 40_000, 0]);
});

test('a large input is stored aside, and read where it is needed', async () => {
  const pipeline = definePipeline('large-input', Text)
    .step('first', echo, ({ input }) => ({ text: input.text }))
    .step('second', echo, ({ input }) => ({ text: input.text }))
    .output(Text, ({ second }) => ({ text: second.text }));
  const text = 'x'.repeat(1_000_000);
  const { runId, output } = await live.client.run(pipeline, { text });
  expect(output).toEqual({ text });
  expect(JSON.stringify(await historyOf(runId)).length).toBeLessThan(300_000);
  expect((await live.store.runs.get(runId)).input).toEqual({ text });
});
