/** A run that is given up closes the sockets of its calls: the provider writes no more that nobody reads. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import type { RunOptions } from '../../src/client/client.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import type { Fault } from '../standin/faults.ts';
import { MODELS } from './hurried-bot.ts';
import { ingestDocuments, openStage, type Stage, sayYes } from './stage.ts';

/** Its steps have minutes: only being given up can end them sooner. */
const bot = docsBot.variant('unhurried', (edit) =>
  edit.configure('enhance', { model: MODELS.enhance }).configure('check', { model: MODELS.check }),
);
const beats = [...nodesOf(bot.plan)].flatMap((node) => (node.kind === 'step' ? (node.policy.heartbeatMs ?? []) : []));
/** A cancellation comes with the answer to a heartbeat. */
const HEARTBEAT_MS = Math.max(...beats);
/** Enough to come to the draft on a busy machine. */
const DEADLINE_MS = 6_000;

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

const ask = (options: RunOptions) =>
  stage.runtime.client.run(bot, { question: 'Within how many days is a refund paid?' }, options);
const drafting = { model: 'gpt-5-mini' } as const;
const isDraft = ({ model }: { readonly model: string | null }) => model === drafting.model;
const untilClosed = (withinMs: number) =>
  stage.standIn.until((seen) => seen.some((each) => isDraft(each) && each.closedByClientAtMs !== null), withinMs);

const silent: readonly Fault[] = [{ kind: 'hang' }, { kind: 'stall', afterTokens: 3 }];

describe.each(silent)('while a draft is in $kind', (fault) => {
  test('cancelling the run closes its socket within a heartbeat', async () => {
    await stage.standIn.fault(fault, { ...drafting, times: 'always' });
    const giveUp = new AbortController();
    const running = ask({ signal: giveUp.signal });
    await stage.standIn.until((requests) => requests.some(isDraft));
    giveUp.abort();
    await untilClosed(HEARTBEAT_MS);
    const run = await running;
    expect(run.outcome).toBe('cancelled');
    expect(run.calls.at(-1)).toMatchObject({ key: 'draft[1]', status: 'cut' });
    expect(run.unknownCalls + run.estimatedCalls).toBe(1);
    expect((await stage.standIn.requests(drafting)).length).toBe(1);
  });

  test('so does the end of its time', async () => {
    await stage.standIn.fault(fault, { ...drafting, times: 'always' });
    const run = await ask({ budget: { deadlineMs: DEADLINE_MS } });
    await untilClosed(HEARTBEAT_MS);
    expect(run).toMatchObject({ outcome: 'failed', error: { code: 'budget_exceeded', key: 'draft[1]' } });
    // Read again: the call may have been closed after its run was recorded.
    const { calls, spent } = await stage.runtime.store.runs.get(run.runId);
    expect(calls.at(-1)).toMatchObject({ key: 'draft[1]', status: 'cut' });
    expect(spent.unknownCalls + spent.estimatedCalls).toBe(1);
  });
});
