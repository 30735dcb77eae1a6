/** Steps that write, outside live runs: a server counts what is posted, wherever in the plan the step is placed. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StepFailure } from '../../../src/boundary/failure.ts';
import { implement } from '../../../src/boundary/implement.ts';
import { rerunSpecOf } from '../../../src/experiment/rerun/rerun-request.ts';
import type { MakeImplementations } from '../../../src/host/runtime.ts';
import { type AnyPipeline, type AnyVariant, definePipeline, defineScorer, defineStep } from '../../../src/index.ts';
import type { RerunKind } from '../../../src/model/rerun-spec.ts';
import { planId } from '../../../src/plan/id.ts';
import type { Json } from '../../../src/plan/plan.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { example, smallSpec } from '../../evaluation/small-evaluation.ts';
import { type Live, startLive } from '../../support/live.ts';

const Text = z.object({ text: z.string() });
const Lines = z.object({ text: z.string(), lines: z.array(z.string()) });
const Ticket = z.object({ ticket: z.string() });
const policy = { attempts: 1, timeout: '20 seconds' } as const;
const contract = { version: 1, input: Text, policy } as const;
const split = defineStep('split', {
  ...{ ...contract, output: Lines, effect: 'none' },
  config: z.object({ end: z.string().default('.') }),
});
const isOpen = defineStep('isOpen', { ...contract, output: z.object({ open: z.boolean() }), effect: 'none' });
const lookUp = defineStep('lookUp', { ...contract, output: Ticket, effect: 'read' });
const openTicket = defineStep('openTicket', {
  ...{ ...contract, output: Ticket, effect: 'write', dryRun: { ticket: 'dry run' } },
  config: z.object({ queue: z.string().default('support') }),
});
/** The same, but nothing can stand for it. */
const sendMail = defineStep('sendMail', { ...contract, output: Ticket, effect: 'write' });
const long = defineStep('long', { ...contract, output: z.object({ long: z.boolean() }), effect: 'none' });

const notice = definePipeline('notice', Text)
  .step('sent', openTicket, ({ input }) => ({ text: input.text }))
  .output(Ticket, ({ sent }) => ({ ticket: sent.ticket }));

/** A write at the top, as a fallback, and in each kind of container. */
const desk = definePipeline('desk', Text)
  .step('draft', split, ({ input }) => ({ text: input.text }))
  .step('ticket', openTicket, ({ draft }) => ({ text: draft.text }))
  .step('known', lookUp, ({ draft }) => ({ text: draft.text }), {}, { fallback: openTicket })
  .use('used', notice, ({ draft }) => ({ text: draft.text }))
  .map(
    'each',
    z.string(),
    ({ draft }) => draft.lines,
    { max: 10, concurrency: 2, whenOver: 'fail' },
    (line) => line.step('filed', openTicket, ({ item }) => ({ text: item })).yield(({ filed }) => filed.ticket),
  )
  .repeat('tries', { max: 2, carry: Text, start: { text: '' }, whenExhausted: 'keep-last' }, (round) =>
    round
      .step('asked', openTicket, ({ draft }) => ({ text: draft.text }))
      .step('state', isOpen, ({ asked }) => ({ text: asked.ticket }))
      .until(
        ({ state }) => state.open,
        ({ draft }) => ({ text: draft.text }),
      ),
  )
  .step('urgent', isOpen, ({ draft }) => ({ text: draft.text }))
  .branch(
    'reply',
    z.string(),
    ({ urgent }) => urgent.open,
    (arm) => arm.step('called', openTicket, ({ draft }) => ({ text: draft.text })).yield(({ called }) => called.ticket),
    (arm) => arm.yield(() => 'none'),
  )
  .output(
    z.object({ text: z.string(), tickets: z.array(z.string()), filed: z.array(z.string()) }),
    ({ draft, ticket, known, used, each, tries, reply }) => ({
      ...{ text: draft.text, filed: each },
      tickets: [ticket.ticket, known.ticket, used.ticket, tries.asked.ticket, reply],
    }),
  );
const shout = desk.variant('shout', (edit) => edit.configure('draft', { end: '!' }));
const elsewhere = desk.variant('elsewhere', (edit) => edit.configure('ticket', { queue: 'billing' }));
/** Of a run of two lines: the top, the fallback, the used one, two items, one round, one arm. */
const WRITES = 7;

/** Its mail is recorded in every run that is served. */
const mailing = definePipeline('mailing', Text)
  .step('draft', split, ({ input }) => ({ text: input.text }))
  .step('mail', sendMail, ({ draft }) => ({ text: draft.text }))
  .output(Ticket, ({ mail }) => ({ ticket: mail.ticket }));
const loud = mailing.variant('loud', (edit) => edit.configure('draft', { end: '!' }));
/** Its mail is sent only where the text says so: a variant may send one that was not recorded. */
const maybe = definePipeline('maybe', Text)
  .step('draft', split, ({ input }) => ({ text: input.text }))
  .step('urgent', isOpen, ({ draft }) => ({ text: draft.text }))
  .branch(
    'reply',
    z.string(),
    ({ urgent }) => urgent.open,
    (arm) => arm.step('mail', sendMail, ({ draft }) => ({ text: draft.text })).yield(({ mail }) => mail.ticket),
    (arm) => arm.yield(() => 'none'),
  )
  .output(z.object({ reply: z.string() }), ({ reply }) => ({ reply }));
const urgent = maybe.variant('urgent', (edit) => edit.configure('draft', { end: '!' }));

const scorers = [defineScorer('long', { pipeline: desk }, long, ({ output }) => ({ text: output.text }))];

/** What was posted since a test began. */
const posted: string[] = [];
const tickets = createServer(async (request: IncomingMessage, response) => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  posted.push(`${request.method} ${request.url} ${body}`);
  response.end(JSON.stringify({ ticket: `open ${posted.length}` }));
});
let address = '';
async function post(text: string): Promise<{ ticket: string }> {
  const response = await fetch(`${address}/tickets`, { method: 'POST', body: text });
  return (await response.json()) as { ticket: string };
}
const implementations: MakeImplementations = () => [
  implement(split, ({ text }, { config }) => ({ text: text + config.end, lines: text.split(' ') })),
  implement(isOpen, ({ text }) => ({ open: text !== '' })),
  implement(lookUp, () => {
    throw new StepFailure('not_found', { message: 'no such ticket', remedy: 'open one', retryable: false });
  }),
  implement(openTicket, ({ text }) => post(text)),
  implement(sendMail, ({ text }) => post(text)),
  implement(long, ({ text }) => ({ long: text.length > 3 })),
];

let live: Live;
beforeAll(async () => {
  tickets.listen(0, '127.0.0.1');
  await once(tickets, 'listening');
  address = `http://127.0.0.1:${(tickets.address() as AddressInfo).port}`;
  live = await startLive(implementations);
});
afterAll(async () => {
  await live?.stop();
  tickets.close();
});
beforeEach(() => {
  posted.length = 0;
});

/** Runs that were served, whose posts are counted and forgotten. */
async function serve(pipeline: typeof desk | typeof mailing | typeof maybe, texts: readonly string[], writes: number) {
  const runs = await Promise.all(texts.map((text) => live.client.run(pipeline as typeof desk, { text })));
  expect(posted).toHaveLength(texts.length * writes);
  posted.length = 0;
  return runs.map(({ runId }) => runId);
}

const asked = (kind: RerunKind, variant: AnyVariant, from?: string) => ({
  spec: rerunSpecOf({
    ...{
      kind,
      pipeline: variant.variantOf,
      variant,
      scorers: variant.variantOf === 'desk' ? scorers.map(({ spec }) => spec) : [],
    },
    ...(from !== undefined && { from }),
  }),
  ...{ plan: variant.plan, budgetUsd: null, startedBy: 'ada' },
});

async function backtest(variant: AnyVariant, runIds: readonly string[], from?: string) {
  const { rerunId } = await live.client.startRerun({ ...asked('backtest', variant, from), of: { runIds } });
  expect(await live.client.followRerun(rerunId)).toMatchObject({ state: 'completed' });
  return Promise.all(runIds.map((runId) => live.store.reruns.result(rerunId, runId)));
}

async function evaluate(pipelines: readonly AnyPipeline[], texts: readonly string[]) {
  const examples = texts.map((text, n) => example(`e${n}`, text));
  const { version } = (await live.store.datasets.put('texts', examples, 'test')).version;
  const variants = pipelines.map(({ plan }, n) => ({ name: n === 0 ? 'baseline' : `v${n}`, planId: planId(plan) }));
  const spec = smallSpec(version, examples.length, { pipeline: pipelines[0]!.id, variants, scorers: [], metrics: [] });
  return live.client.startEvaluation({
    ...{ spec, plans: pipelines.map(({ plan }) => plan), budgetUsd: null, startedBy: 'test' },
  });
}

const answersOf = async (evaluationId: string): Promise<Json[]> => {
  expect((await live.client.followEvaluation(evaluationId)).state).toBe('completed');
  const rows = await Array.fromAsync(live.store.evaluations.eachResult(evaluationId));
  return rows.map(({ output }) => output);
};

test('a live run writes once for each call', async () => {
  const { output } = await live.client.run(desk, { text: 'two lines' });
  expect(posted).toHaveLength(WRITES);
  expect(posted.filter((line) => line === 'POST /tickets two lines.')).toHaveLength(WRITES - 2);
  expect(output).toMatchObject({ filed: [expect.stringMatching(/^open /), expect.stringMatching(/^open /)] });
});

describe('nothing is posted', () => {
  test('by a backtest, also from a node on, and where the write itself is edited', async () => {
    const runIds = await serve(desk, ['a b', 'c d'], WRITES);
    const [result] = await backtest(shout, runIds);
    expect(result!.variant!.output).toMatchObject({ text: 'a b!' });
    await backtest(elsewhere, runIds);
    await backtest(shout, runIds, 'draft');
    await backtest(shout, runIds, 'ticket');
    expect(posted).toEqual([]);
  });

  test('by a shadow: what the live runs post is all', async () => {
    const { rerunId } = await live.client.startShadow(shout, { share: 1, scorers, by: 'ada' });
    const progress = () => live.store.reruns.progress(rerunId);
    let served = 0;
    const ask = async () => {
      await live.client.run(desk, { text: 'e f' });
      served += 1;
      return (await progress()).total;
    };
    // Workers notice a shadow within a second.
    await expect.poll(ask).toBeGreaterThan(1);
    await expect.poll(async () => (await progress()).queued).toBe(0);
    expect(await progress()).toMatchObject({ failed: 0, skipped: 0 });
    await live.client.stopRerun(rerunId);
    expect(posted).toHaveLength(served * WRITES);
  });

  test('by an evaluation, in which the dry run stands for each write, and none is remembered', async () => {
    const { evaluationId } = await evaluate([desk, shout], ['g h', 'i j']);
    const answers = await answersOf(evaluationId);
    expect(answers).toHaveLength(4);
    for (const answer of answers)
      expect(answer).toMatchObject({ tickets: Array(5).fill('dry run'), filed: ['dry run', 'dry run'] });
    expect(posted).toEqual([]);
    const database = openDatabase(live.databaseUrl);
    const kept = await database.query<{ node: string }>(
      `select distinct regexp_replace(call_key, '[[#].*', '') as node from memo where outcome is not null order by node`,
    );
    await database.close();
    expect(kept.map(({ node }) => node)).toEqual(['draft', 'known', 'state', 'urgent']);
  });
});

describe('a write without a dry run', () => {
  const refusal = { code: 'dry_run_missing', data: { nodes: ['mail'], steps: ['sendMail@1'] } };

  test('takes its recorded output, whatever the variant would have it write', async () => {
    const runIds = await serve(mailing, ['k', 'l'], 1);
    for (const result of await backtest(loud, runIds))
      expect(result).toMatchObject({
        ...{ state: 'done', isChanged: false, calls: { reused: 1, made: 1 } },
        variant: { outcome: 'completed', output: { ticket: expect.stringMatching(/^open \d$/) } },
      });
    expect(posted).toEqual([]);
  });

  test('has an evaluation refused before it begins', async () => {
    const before = await live.store.evaluations.list({ limit: 100 });
    await expect(evaluate([mailing, loud], ['m'])).rejects.toMatchObject(refusal);
    expect(await live.store.evaluations.list({ limit: 100 })).toEqual(before);
    expect(posted).toEqual([]);
  });

  test('has a backtest and a shadow refused before they begin, where it may be called anew', async () => {
    const runIds = await serve(maybe, ['n', 'o'], 1);
    const backtesting = live.client.startRerun({ ...asked('backtest', urgent), of: { runIds } });
    await expect(backtesting).rejects.toMatchObject(refusal);
    // @ts-expect-error node 'mail' writes, and its step has no dryRun to stand for it
    await expect(live.client.startShadow(urgent, { share: 1, by: 'ada' })).rejects.toMatchObject(refusal);
    expect(await live.store.reruns.list({ pipeline: 'maybe' })).toEqual([]);
    expect(posted).toEqual([]);
  });

  test('has a run left out that did not come to it', async () => {
    const [runId] = await serve(mailing, ['p'], 1);
    const { planId: id } = await live.store.runs.get(runId!);
    const begun = { pipeline: 'mailing', planId: id, arms: {}, unit: null, idempotencyKey: null, input: { text: 'q' } };
    await live.store.runs.begin({ ...begun, runId: 'failed-early' });
    const error = { code: 'content_refused', message: 'no', node: 'draft' };
    const node = { key: 'draft', node: 'draft', kind: 'step', step: 'split@1', call: 'step', attempts: 1 } as const;
    const took = { startedAt: null, durationMs: null, queuedMs: null } as const;
    await live.store.runs.complete('failed-early', {
      ...{ outcome: 'failed', output: null, error, finishedAt: 1 },
      nodes: [{ ...node, ...took, outcome: 'failed', error }],
    });
    const [result] = await backtest(loud, ['failed-early']);
    expect(result).toMatchObject({ state: 'skipped', error: { code: 'dry_run_missing' }, calls: { made: 0 } });
    expect(posted).toEqual([]);
  });
});
