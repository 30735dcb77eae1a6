/** Backtests and shadows: which runs wait, what came of them, and what they may cost. */
import { describe, expect, test } from 'vitest';
import type { RerunKind, RerunResult, RerunSide } from '../../src/model/rerun-spec.ts';
import type { RunOutcome } from '../../src/plan/plan.ts';
import type { NewRerun } from '../../src/store/reruns.ts';
import { closing, opening, UNKNOWN } from './call-helpers.ts';
import type { Subject } from './suite.ts';

const rerunOf = (rerunId: string, kind: RerunKind, more: Partial<NewRerun> = {}): NewRerun => ({
  rerunId,
  spec: {
    ...{ format: 1, kind, pipeline: 'rerun-bot', variant: 'deep', edits: [], from: null },
    ...{ scorers: [], metrics: [], alpha: 0.05 },
  },
  share: kind === 'shadow' ? 0.5 : null,
  budgetUsd: null,
  startedBy: 'ada',
  runIds: [],
  ...more,
});

const FACTS = { latencyMs: 5, costUsd: null, inputTokens: 1, outputTokens: 2, failed: false, degraded: false };
const side = (output: string | null): RerunSide => ({
  outcome: 'completed',
  error: null,
  output,
  run: FACTS,
  cells: {},
});
const done = (runId: string, more: Partial<RerunResult> = {}): RerunResult => ({
  ...{ runId, state: 'done', isChanged: true, served: side(null), variant: side('other\u0000') },
  ...{ calls: { reused: 5, made: 2 }, error: null },
  ...more,
});
const skipped = (runId: string, code: string): RerunResult =>
  done(runId, {
    ...{ state: 'skipped', isChanged: null, served: null, variant: null, calls: { reused: 0, made: 0 } },
    error: { code, message: 'why' },
  });

export function describeReruns(subject: Subject): void {
  const lane = { lane: 0, lanes: 1, limit: 10 };

  const served = async (runId: string, outcome: RunOutcome | null = 'completed', pipeline = 'rerun-bot') => {
    const { runs } = subject.store;
    subject.at += 1_000;
    const start = { planId: 'p', arms: {}, unit: null, idempotencyKey: null, input: {} };
    await runs.begin({ ...start, runId, pipeline });
    const ending = { output: null, error: null, finishedAt: subject.at, nodes: [] };
    if (outcome) await runs.complete(runId, { ...ending, outcome });
  };

  describe('backtests', () => {
    test('take the newest runs that have ended, since then, and of which somebody said this', async () => {
      const { reruns, feedback } = subject.store;
      await served('picked-1', 'completed', 'picked');
      const since = subject.at + 1;
      await served('picked-2', 'failed', 'picked');
      await served('picked-3', 'cancelled', 'picked');
      await served('picked-4', 'degraded', 'picked');
      await served('picked-5', null, 'picked');
      await served('picked-6', 'completed', 'another');
      const said = { score: null, note: null, emoji: null, fields: null, by: null, isSimulated: false, at: subject.at };
      await feedback.add({ ...said, feedbackId: 'picked-up', runId: 'picked-4', thumb: 1 });
      await feedback.add({ ...said, feedbackId: 'picked-down', runId: 'picked-2', thumb: -1 });
      const select = (more: object) => reruns.select({ pipeline: 'picked', limit: 10, ...more });
      expect(await select({})).toEqual(['picked-4', 'picked-2', 'picked-1']);
      expect(await select({ limit: 2 })).toEqual(['picked-4', 'picked-2']);
      expect(await select({ since })).toEqual(['picked-4', 'picked-2']);
      expect(await select({ thumb: -1 })).toEqual(['picked-2']);
      await expect(select({ limit: 10_001 })).rejects.toMatchObject({ code: 'limit_invalid' });
    });

    test('are made once, and found by the beginning of their id', async () => {
      const { reruns } = subject.store;
      const asked = rerunOf('backtest-a-1', 'backtest', { runIds: ['r1', 'r2', 'r1'], budgetUsd: 2.5 });
      const row = await reruns.create(asked);
      const { runIds: _, ...kept } = asked;
      expect(row).toEqual({
        ...kept,
        ...{ kind: 'backtest', pipeline: 'rerun-bot', variant: 'deep', state: 'running', error: null },
        ...{ startedAt: subject.at, endedAt: null },
      });
      expect(await reruns.create({ ...asked, startedBy: 'other' })).toEqual(row);
      expect(await reruns.get('backtest-a')).toEqual(row);
      expect((await reruns.progress('backtest-a-1')).total).toBe(2);
      await reruns.create(rerunOf('backtest-a-2', 'backtest'));
      await expect(reruns.get('backtest-a')).rejects.toMatchObject({ code: 'rerun_ambiguous' });
      await expect(reruns.get('backtest-b')).rejects.toMatchObject({
        code: 'rerun_unknown',
        remedy: expect.stringContaining('backtest-a-'),
      });
      await expect(reruns.create(rerunOf('x', 'backtest', { budgetUsd: -1 }))).rejects.toMatchObject({
        code: 'budget_invalid',
      });
    });

    test('lanes share the runs out, and what has come of one stays', async () => {
      const { reruns } = subject.store;
      const runIds = Array.from({ length: 5 }, (_, index) => `r${index}`);
      await reruns.create(rerunOf('backtest-lanes', 'backtest', { runIds }));
      const of = async (number: number) =>
        (await reruns.queued('backtest-lanes', { lane: number, lanes: 2, limit: 10 })).runIds;
      expect([await of(0), await of(1)]).toEqual([
        ['r1', 'r3'],
        ['r0', 'r2', 'r4'],
      ]);
      await reruns.put('backtest-lanes', [done('r2'), skipped('r1', 'edits_unfit'), skipped('r3', 'edits_unfit')]);
      await reruns.put('backtest-lanes', [skipped('r2', 'late'), done('unasked')]);
      expect([await of(0), await of(1)]).toEqual([[], ['r0', 'r4']]);
      expect(await Array.fromAsync(reruns.results('backtest-lanes'))).toEqual([
        { ...skipped('r1', 'edits_unfit'), unit: null },
        { ...done('r2'), variant: side('other\uFFFD'), unit: null },
        { ...skipped('r3', 'edits_unfit'), unit: null },
      ]);
      expect(await reruns.result('backtest-lanes', 'r2')).toMatchObject({ calls: { reused: 5, made: 2 } });
      expect(await reruns.result('backtest-lanes', 'r0')).toBeUndefined();
      expect(await reruns.progress('backtest-lanes')).toEqual({
        ...{ total: 5, queued: 2, done: 1, failed: 0, skipped: 2, changed: 1, leftOut: 0 },
        ...{ calls: { reused: 5, made: 2 }, paidUsd: null, unknownCalls: 0 },
        reasons: [{ state: 'skipped', code: 'edits_unfit', runs: 2 }],
      });
    });

    test('end once', async () => {
      const { reruns } = subject.store;
      await reruns.create(rerunOf('backtest-ends', 'backtest', { runIds: ['r'] }));
      expect(await reruns.end('backtest-ends', 'completed', null)).toBe(true);
      expect(await reruns.end('backtest-ends', 'failed', { code: 'x', message: 'y' })).toBe(false);
      expect(await reruns.get('backtest-ends')).toMatchObject({ state: 'completed', error: null, endedAt: subject.at });
      expect((await reruns.queued('backtest-ends', lane)).state).toBe('completed');
      expect(await reruns.list({ kind: 'backtest', live: true, limit: 1_000 })).not.toContainEqual(
        expect.objectContaining({ rerunId: 'backtest-ends' }),
      );
      await expect(reruns.queued('nothing', lane)).rejects.toMatchObject({ code: 'rerun_unknown' });
    });

    test('may cost so much, calls under way included', async () => {
      const { reruns, calls } = subject.store;
      await reruns.create(rerunOf('backtest-paid', 'backtest', { budgetUsd: 0.025 }));
      const [first, second] = [opening('backtest-paid'), opening('backtest-paid')];
      for (const call of [first, second]) expect(await calls.open(call)).toEqual({ kind: 'opened' });
      const exceeded = { kind: 'exceeded', scope: 'backtest', limit: 'usd', budget: 0.025 };
      expect(await calls.open(opening('backtest-paid'))).toEqual({ ...exceeded, committed: 0.02 });
      await calls.close(first.callId, closing({ costUsd: 0.004 }));
      await calls.close(second.callId, closing({ ...UNKNOWN, status: 'failed' }));
      expect(await calls.open(opening('backtest-paid'))).toEqual({ kind: 'opened' });
      expect(await reruns.progress('backtest-paid')).toMatchObject({ paidUsd: 0.004, unknownCalls: 2 });
      const unpriced = opening('backtest-paid', { reservedUsd: null });
      expect(await calls.open(unpriced)).toEqual({ kind: 'price-unknown', scope: 'backtest', budget: 0.025 });
      await reruns.create(rerunOf('backtest-unlimited', 'backtest'));
      expect(await calls.open({ ...unpriced, runId: 'backtest-unlimited' })).toEqual({ kind: 'opened' });
    });
  });

  describe('shadows', () => {
    test('are told while they last, and take each run once', async () => {
      const { reruns } = subject.store;
      await reruns.create(rerunOf('shadow-1', 'shadow'));
      await reruns.create(rerunOf('shadow-2', 'shadow', { share: 0.1 }));
      expect(await reruns.shadowing()).toEqual([
        { rerunId: 'shadow-1', pipeline: 'rerun-bot', share: 0.5 },
        { rerunId: 'shadow-2', pipeline: 'rerun-bot', share: 0.1 },
      ]);
      await served('shadowed-1');
      await served('shadowed-2', 'failed');
      await served('shadowed-3', 'cancelled');
      await served('shadowed-4', null);
      await served('shadowed-5', 'completed', 'another');
      await reruns.enqueue(['shadow-1', 'shadow-2'], 'shadowed-1');
      for (const run of [1, 2, 3, 4, 5]) await reruns.enqueue(['shadow-1'], `shadowed-${run}`);
      const waiting = { state: 'running', runIds: ['shadowed-1', 'shadowed-2'] };
      expect(await reruns.queued('shadow-1', lane)).toEqual(waiting);
      expect((await reruns.queued('shadow-2', lane)).runIds).toEqual(['shadowed-1']);
      await reruns.end('shadow-2', 'stopped', null);
      await reruns.enqueue(['shadow-2'], 'shadowed-2');
      expect(await reruns.queued('shadow-2', lane)).toEqual({ state: 'stopped', runIds: ['shadowed-1'] });
      expect((await reruns.shadowing()).map(({ rerunId }) => rerunId)).toEqual(['shadow-1']);
      await reruns.end('shadow-1', 'stopped', null);
    });

    test('leave out what would wait behind too many, and count it', async () => {
      const { reruns } = subject.store;
      await reruns.create(
        rerunOf('shadow-full', 'shadow', { runIds: Array.from({ length: 1_000 }, (_, n) => `r${n}`) }),
      );
      for (const runId of ['late', 'later']) await served(runId);
      await reruns.enqueue(['shadow-full'], 'late');
      expect(await reruns.progress('shadow-full')).toMatchObject({ queued: 1_000, leftOut: 1 });
      await reruns.put('shadow-full', [done('r7')]);
      await reruns.enqueue(['shadow-full'], 'later');
      expect(await reruns.progress('shadow-full')).toMatchObject({ queued: 1_000, leftOut: 1, done: 1 });
      await reruns.end('shadow-full', 'stopped', null);
    });
  });
}
