/** Monitors: versions, the runs they meet, what waits and what came of it, what a day may cost, and alerts. */
import { describe, expect, test } from 'vitest';
import type { RunAssignment } from '../../src/model/assign.ts';
import type { MonitorSpec } from '../../src/model/monitor-spec.ts';
import { hashJson } from '../../src/plan/id.ts';
import type { RunOutcome } from '../../src/plan/plan.ts';
import type { MonitorRow } from '../../src/store/monitors.ts';
import { opening } from './call-helpers.ts';
import { deployNext, MINUTE, repeating, startOf } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

const HOUR = 60 * MINUTE;
const ADA = { by: 'ada', why: 'to see' };

export const monitorSpec = (name: string, more: Partial<MonitorSpec> = {}): MonitorSpec => ({
  ...{ format: 1, name, pipeline: `${name}-bot`, sample: 0.5, windowMs: HOUR, alert: null, budgetUsdPerDay: null },
  scorer: {
    ...{ id: 'judged', kind: 'step', call: { step: 'judge@1', config: {} }, policy: null, input: { $object: {} } },
    ...{ fields: { good: { better: 'higher', format: 'share', worst: 0, best: 1 } }, definitionHash: 'h' },
  },
  fields: { good: 'rate' },
  when: { outcomes: ['completed', 'degraded'], experiment: null, arm: null, target: null },
  ...more,
});

export function describeMonitors(subject: Subject): void {
  const ended = async (runId: string, pipeline: string, more: { readonly [key: string]: unknown } = {}) => {
    const { runs } = subject.store;
    const { outcome = 'completed', input = {}, assignments = null } = more;
    await runs.begin({
      ...{ runId, pipeline, planId: 'p', arms: { exp: 'one' }, unit: 'u', idempotencyKey: null },
      ...{ input: input as object as never, assignments: assignments as null },
    });
    const ending = { output: null, error: null, finishedAt: subject.at, nodes: [] };
    if (outcome !== null) await runs.complete(runId, { ...ending, outcome: outcome as RunOutcome });
  };
  const take = (row: MonitorRow, runId: string, isSampled = true, store = subject.store) =>
    store.monitors.enqueue({ runId, finishedAt: subject.at, met: [{ monitorId: row.monitorId, isSampled }] });
  /** A monitor with runs that it has sampled. */
  const waiting = async (name: string, count: number, more: Partial<MonitorSpec> = {}) => {
    const row = await subject.store.monitors.start(monitorSpec(name, more), ADA);
    for (let no = 0; no < count; no += 1) {
      await ended(`${name}-${no}`, row.pipeline);
      await take(row, `${name}-${no}`);
    }
    return row;
  };

  describe('monitors', () => {
    test('other words are another version, and the same ones are the same again', async () => {
      const { monitors } = repeating(subject).store;
      const first = await monitors.start(monitorSpec('v'), ADA);
      expect(first).toMatchObject({ monitorId: 'v@1', version: 1, state: 'running', starts: 1, startedBy: 'ada' });
      expect(first.spec).toEqual(monitorSpec('v'));
      expect(await monitors.start(monitorSpec('v'), ADA)).toEqual(first);
      const second = await monitors.start(monitorSpec('v', { sample: 1 }), { by: 'bo', why: 'all of them' });
      expect(second).toMatchObject({ monitorId: 'v@2', version: 2, starts: 1, startedBy: 'bo' });
      expect(await monitors.get('v@1')).toMatchObject({ state: 'stopped', reason: 'replaced by version 2' });
      expect(await monitors.running('v')).toEqual(second);
      expect(await monitors.start(monitorSpec('v'), ADA)).toMatchObject({
        monitorId: 'v@1',
        state: 'running',
        starts: 2,
      });
      expect(await monitors.get('v')).toMatchObject({ monitorId: 'v@1' });
      expect((await monitors.list({ pipeline: 'v-bot' })).map(({ monitorId }) => monitorId)).toEqual(['v@1', 'v@2']);
      expect(await monitors.list({ pipeline: 'v-bot', running: true })).toHaveLength(1);
    });

    test('are stopped once, with what waits, and each act is in the audit once', async () => {
      const { monitors } = repeating(subject).store;
      const row = await waiting('s', 2);
      expect(await subject.store.monitors.stop('s@1', { by: 'bo', why: 'too dear' })).toBe(true);
      expect(await monitors.stop('s@1', ADA)).toBe(false);
      expect(await monitors.get('s')).toMatchObject({ state: 'stopped', reason: 'too dear', stoppedAt: subject.at });
      expect(await monitors.counts('s@1')).toMatchObject({ triggered: 2, sampled: 2, waiting: 0, stopped: 2 });
      expect(await monitors.claim('s@1', row.starts, 9, MINUTE)).toBeUndefined();
      expect(await monitors.audit('s', 9)).toEqual([
        {
          ...{ at: subject.at, who: 'bo', action: 'monitor_stop', subject: 'monitor:s', why: 'too dear' },
          ...{ was: { state: 'running', monitorId: 's@1' }, isNow: { state: 'stopped', monitorId: 's@1' } },
        },
        {
          ...{ at: subject.at, who: 'ada', action: 'monitor_start', subject: 'monitor:s', why: 'to see' },
          ...{ was: null, isNow: { state: 'running', monitorId: 's@1' } },
        },
      ]);
      await expect(monitors.get('sx')).rejects.toMatchObject({
        code: 'monitor_unknown',
        remedy: "did you mean 's@1'?",
      });
    });

    test('two who start the same at once start one', async () => {
      const { monitors } = subject.store;
      const rows = await Promise.all([1, 2, 3].map(() => monitors.start(monitorSpec('o'), ADA)));
      expect(new Set(rows.map(({ monitorId, starts }) => `${monitorId} ${starts}`))).toEqual(new Set(['o@1 1']));
      const others = await Promise.all([0.1, 0.2].map((sample) => monitors.start(monitorSpec('o', { sample }), ADA)));
      expect(others.map(({ monitorId }) => monitorId).sort()).toEqual(['o@2', 'o@3']);
      expect(await monitors.list({ pipeline: 'o-bot', running: true })).toHaveLength(1);
    });

    test('meet the runs of their pipeline that have ended, and are given what they ask of them', async () => {
      const { monitors } = subject.store;
      const assignment = { experiment: 'exp', arm: 'one', stage: 1, unit: 'u' } as unknown as RunAssignment;
      await ended('m-1', 'm-bot', { input: { isPaid: true }, assignments: [assignment] });
      expect(await monitors.findMatching('m-1')).toBeUndefined();
      await monitors.start(monitorSpec('m'), ADA);
      const met = { runId: 'm-1', outcome: 'completed', finishedAt: subject.at, assignments: [assignment] };
      expect(await monitors.findMatching('m-1')).toMatchObject({
        ...met,
        input: null,
        monitors: [{ monitorId: 'm@1' }],
      });
      const target = { outcomes: ['completed'] as const, experiment: null, arm: null };
      const paid = monitorSpec('mp', {
        pipeline: 'm-bot',
        when: { ...target, target: { $from: ['input', 'isPaid'] } },
      });
      await monitors.start(paid, ADA);
      const both = await monitors.findMatching('m-1');
      expect(both).toMatchObject({ ...met, input: { isPaid: true } });
      expect(both!.monitors.map(({ monitorId }) => monitorId)).toEqual(['m@1', 'mp@1']);
      await ended('m-2', 'm-bot', { outcome: null });
      expect(await monitors.findMatching('m-2')).toBeUndefined();
    });

    test('count a run once, however often it is recorded; and only those that are sampled wait', async () => {
      // Its time is that at which it is made.
      const again = () => repeating(subject).store;
      const row = await again().monitors.start(monitorSpec('c'), ADA);
      for (const no of [1, 2, 3, 4]) {
        await ended(`c-${no}`, 'c-bot');
        await take(row, `c-${no}`, no > 1, again());
        subject.at += 1;
      }
      await take(row, 'c-1', true, again());
      expect(await again().monitors.counts('c@1')).toEqual({
        ...{ triggered: 4, sampled: 3, waiting: 3, scored: 0, failed: 0, overBudget: 0, overQueue: 0, stopped: 0 },
        lastScoredAt: null,
      });
      // The oldest first, each to one.
      const claims = await Promise.all([2, 2].map((limit) => subject.store.monitors.claim('c@1', 1, limit, MINUTE)));
      expect(claims.flatMap((some) => some!.map(({ runId }) => runId)).sort()).toEqual(['c-2', 'c-3', 'c-4']);
      subject.at += MINUTE;
      const back = await subject.store.monitors.claim('c@1', 1, 9, MINUTE);
      expect(back!.map(({ runId, tries }) => [runId, tries])).toEqual([
        ['c-2', 2],
        ['c-3', 2],
        ['c-4', 2],
      ]);
      await again().monitors.finish('c@1', [
        { runId: 'c-3', state: 'done', scores: { good: 1 }, detail: { why: 'well\0' } },
        { runId: 'c-2', state: 'failed', error: { code: 'not_answered', message: 'no' } },
      ]);
      // What has ended stays as it ended.
      await again().monitors.finish('c@1', [{ runId: 'c-3', state: 'failed', error: { code: 'late', message: '' } }]);
      expect(await again().monitors.counts('c@1')).toMatchObject({
        ...{ triggered: 4, sampled: 3, waiting: 1, scored: 1, failed: 1, lastScoredAt: subject.at },
      });
      expect(await again().monitors.reasons('c@1')).toEqual([{ state: 'failed', code: 'not_answered', runs: 1 }]);
      const rows = await again().monitors.scores({ monitorId: 'c@1', limit: 9 });
      expect(rows.map(({ runId, state }) => [runId, state])).toEqual([
        ['c-4', 'queued'],
        ['c-3', 'done'],
        ['c-2', 'failed'],
      ]);
      expect(rows[1]).toMatchObject({
        ...{ monitorId: 'c@1', planId: 'p', arms: { exp: 'one' }, snapshots: {}, unit: 'u' },
        ...{ scores: { good: 1 }, detail: { why: 'well\uFFFD' }, error: null, scoredAt: subject.at },
      });
    });

    test('leave out what there is no room for, and say so', async () => {
      const { monitors } = subject.store;
      const row = await waiting('q', 1);
      // A thousand wait.
      await subject.database.query(
        `insert into run (run_id, pipeline, plan_id, arms, state, input, started_at)
         select 'q-many-' || no, 'q-bot', 'p', '{}', 'completed', '{}', now() from generate_series(1, 999) as no`,
      );
      await subject.database.query(
        `insert into monitor_score (monitor_id, run_id, state, finished_at)
         select 'q@1', run_id, 'queued', now() from run where run_id like 'q-many-%'`,
      );
      await ended('q-over', 'q-bot');
      await take(row, 'q-over');
      expect(await monitors.counts('q@1')).toMatchObject({ triggered: 2, sampled: 2, overQueue: 1, waiting: 1_000 });
      expect(await monitors.scoresOfRun('q-over')).toMatchObject([
        { state: 'skipped', scores: null, error: { code: 'monitor_queue_full' } },
      ]);
    });

    test('spend no more in a day than they may, and sample no more on it', async () => {
      const { monitors, calls } = subject.store;
      const row = await waiting('b', 1, { budgetUsdPerDay: 0.02 });
      const today = new Date(subject.at).toISOString().slice(0, 10);
      const { paidBy, isExhausted } = await repeating(subject).store.monitors.openDay('b@1', 0.02);
      expect([paidBy, isExhausted]).toEqual([`b@1/${today}`, false]);
      for (let no = 0; no < 2; no += 1)
        expect(await calls.open(opening(paidBy, { reservedUsd: 0.01 }))).toEqual({ kind: 'opened' });
      expect(await calls.open(opening(paidBy, { reservedUsd: 0.01 }))).toEqual({
        ...{ kind: 'exceeded', scope: 'monitor', limit: 'usd', budget: 0.02, committed: 0.02 },
      });
      expect(await calls.open(opening(paidBy, { reservedUsd: null }))).toMatchObject({ kind: 'price-unknown' });
      await monitors.exhaustDay(paidBy);
      await repeating(subject).store.monitors.skipWaiting('b@1', 'budget');
      await ended('b-later', 'b-bot');
      await take(row, 'b-later');
      expect(await monitors.counts('b@1')).toMatchObject({ triggered: 2, sampled: 2, waiting: 0, overBudget: 2 });
      expect(await monitors.reasons('b@1')).toEqual([{ state: 'skipped', code: 'monitor_budget', runs: 2 }]);
      expect(await monitors.health()).toContainEqual(
        expect.objectContaining({ monitorId: 'b@1', isOutOfBudget: true, waiting: 0, waitingMs: null }),
      );
      subject.at += 24 * HOUR;
      await ended('b-tomorrow', 'b-bot');
      await take(row, 'b-tomorrow');
      expect(await monitors.openDay('b@1', 0.02)).toMatchObject({ isExhausted: false });
      expect(await monitors.counts('b@1')).toMatchObject({ waiting: 1, overBudget: 2 });
    });

    test('sum up the runs that ended in the window, field by field, and what is missing is not in it', async () => {
      const { monitors } = subject.store;
      await waiting('w', 1);
      await monitors.finish('w@1', [{ runId: 'w-0', state: 'done', scores: { good: 0, size: 99 } }]);
      subject.at += HOUR;
      const row = await monitors.get('w@1');
      for (const no of [1, 2, 3, 4, 5]) {
        await ended(`w-${no}`, 'w-bot');
        await take(row, `w-${no}`);
      }
      await monitors.finish('w@1', [
        { runId: 'w-1', state: 'done', scores: { good: 1, size: 2 } },
        { runId: 'w-2', state: 'done', scores: { good: 0, size: 4 } },
        { runId: 'w-3', state: 'done', scores: { good: 1, size: 9 } },
        { runId: 'w-4', state: 'failed', error: { code: 'no', message: '' } },
      ]);
      const { fields, ...sums } = await monitors.window('w@1', HOUR);
      expect(sums).toEqual({ from: subject.at - HOUR, to: subject.at, sampled: 5, scored: 3 });
      expect(fields).toEqual({
        good: { n: 3, mean: expect.closeTo(2 / 3, 12), variance: expect.closeTo(1 / 3, 12) },
        size: { n: 3, mean: 5, variance: 13 },
      });
      expect(await monitors.window('w@1', 0)).toMatchObject({ sampled: 0, scored: 0, fields: {} });
    });

    test('tell how long what waits has waited, and since when nothing was scored', async () => {
      const { monitors } = subject.store;
      await waiting('h', 2);
      subject.at += MINUTE;
      await monitors.finish('h@1', [{ runId: 'h-0', state: 'done', scores: { good: 1 } }]);
      subject.at += MINUTE;
      const health = (await monitors.health()).find(({ monitorId }) => monitorId === 'h@1');
      expect(health).toEqual({
        ...{ monitorId: 'h@1', pipeline: 'h-bot', waiting: 1, waitingMs: 2 * MINUTE, sinceScoredMs: MINUTE },
        ...{ alert: 'unknown', alertSince: null, isOutOfBudget: false },
      });
      await monitors.stop('h@1', ADA);
      expect((await monitors.health()).some(({ monitorId }) => monitorId === 'h@1')).toBe(false);
    });

    test('keep each change of what they say once, and whether somebody was told', async () => {
      const { monitors } = subject.store;
      await monitors.start(monitorSpec('a'), ADA);
      const evidence = { field: 'good', mean: 0.2, note: 'half \ud800' };
      expect(await repeating(subject).store.monitors.moveAlert('a@1', { was: 'unknown', isNow: 'ok', evidence })).toBe(
        true,
      );
      subject.at += MINUTE;
      expect(await monitors.moveAlert('a@1', { was: 'unknown', isNow: 'alerting', evidence })).toBe(false);
      expect(await repeating(subject).store.monitors.moveAlert('a@1', { was: 'ok', isNow: 'alerting', evidence })).toBe(
        true,
      );
      expect(await monitors.get('a')).toMatchObject({ alert: 'alerting', alertSince: subject.at });
      await monitors.moveAlert('a@1', { was: 'alerting', isNow: 'ok', evidence });
      expect(await monitors.undeliveredAlerts('a@1')).toEqual([2, 3]);
      await monitors.endDelivery('a@1', 2, null);
      await monitors.endDelivery('a@1', 2, { code: 'late', message: '' });
      await monitors.endDelivery('a@1', 3, { code: 'refused', message: 'HTTP 500' });
      expect(await monitors.undeliveredAlerts('a@1')).toEqual([]);
      expect(await monitors.alerts('a@1', 2)).toMatchObject([
        { alertNo: 3, was: 'alerting', isNow: 'ok', deliveredAt: null, error: { code: 'refused' } },
        { alertNo: 2, was: 'ok', isNow: 'alerting', at: subject.at, deliveredAt: subject.at, error: null },
      ]);
      await monitors.moveAlert('a@1', { was: 'ok', isNow: 'alerting', evidence });
      subject.at += 25 * HOUR;
      expect(await monitors.undeliveredAlerts('a@1')).toEqual([]);
    });

    test('stand beside what people said of a run, and nothing that counts people counts them', async () => {
      const { monitors, feedback, reruns, traffic } = subject.store;
      await waiting('f', 2);
      const since = subject.at;
      await monitors.finish('f@1', [
        { runId: 'f-0', state: 'done', scores: { good: 1 } },
        { runId: 'f-1', state: 'failed', error: { code: 'no', message: '' } },
      ]);
      subject.at += 1;
      const thumb = { feedbackId: 'f-thumb', runId: 'f-0', thumb: 1, score: null, note: null, emoji: null } as const;
      await feedback.add({ ...thumb, fields: null, by: 'ada', isSimulated: false, at: subject.at });
      const said = await feedback.ofRun('f-0');
      expect(said.map(({ by }) => by)).toEqual(['monitor:f@1', 'ada']);
      expect(said[0]).toMatchObject({ runId: 'f-0', thumb: null, score: null, fields: { good: 1 }, at: since });
      expect(await feedback.ofRun('f-1')).toEqual([]);
      expect((await feedback.list({ pipeline: 'f-bot', limit: 9 })).map(({ by }) => by)).toEqual(['ada']);
      expect(await feedback.ratedRuns({ pipeline: 'f-bot', limit: 9 })).toMatchObject([{ up: 1, down: 0 }]);
      expect(await traffic.feedback({ pipeline: 'f-bot', since: 0 })).toHaveLength(1);
      expect(await reruns.select({ pipeline: 'f-bot', limit: 9, thumb: 1 })).toEqual(['f-0']);
    });

    test('name the snapshots that an experiment was on when the run was made; without one they are not known', async () => {
      await deployNext(subject, 'snap-bot');
      const facts = { snapshots: { docs: 'abc' } };
      const { experimentId } = await startOf(subject, 'snap-exp', 'snap-bot', { facts });
      const row = await subject.store.monitors.start(monitorSpec('snap', { pipeline: 'snap-bot' }), ADA);
      await ended('snap-1', 'snap-bot', { assignments: [{ experiment: experimentId, arm: 'one', stage: 1 }] });
      await take(row, 'snap-1');
      expect(await subject.store.monitors.scoresOfRun('snap-1')).toMatchObject([{ snapshots: { docs: 'abc' } }]);
    });

    test('lose what was asked about a run with its content, as do its experiments and reruns; and nobody else’s', async () => {
      const { monitors, calls, content, scoreTasks, reruns } = subject.store;
      const row = await waiting('c2', 2);
      await reruns.create({
        ...{ rerunId: 'c2-again', share: null, budgetUsd: null, startedBy: 'ada', runIds: ['c2-0'] },
        spec: {
          ...{ format: 1, kind: 'backtest', pipeline: 'c2-bot', variant: 'v', edits: [], from: null },
          ...{ scorers: [], metrics: [], alpha: 0.05 },
        },
      });
      await scoreTasks.enqueue([
        { experimentId: 'c2-exp', runId: 'c2-0', scorer: 'judged', unit: 'u', finishedAt: subject.at },
      ]);
      const { paidBy } = await monitors.openDay(row.monitorId, null);
      const asked = async (runId: string, key: string, of: string, mark: string) => {
        const call = opening(runId, { key: `${key}#${hashJson([of, mark]).slice(0, 16)}`, request: { of } });
        await calls.open(call);
        return call.callId;
      };
      const gone = [
        await asked(paidBy, 'score:judged', 'c2-0', 'judged'),
        await asked('c2-exp', 'score:judged', 'c2-0', 'judged'),
        await asked('c2-again', 'draft[2]', 'c2-0', 'variant'),
        await asked('c2-again', 'score:judged', 'c2-0', 'score:served'),
      ];
      const kept = [
        await asked(paidBy, 'score:judged', 'c2-1', 'judged'),
        await asked('c2-other', 'score:judged', 'c2-0', 'judged'),
      ];
      await content.remove(['c2-0'], { by: 'erasure', who: 'ada', why: 'asked for' });
      const rows = await subject.database.query<{ id: string }>(
        'select call_id as id from provider_call where call_id = any($1::uuid[]) and request is not null',
        [[...gone, ...kept]],
      );
      expect(rows.map(({ id }) => id).sort()).toEqual(kept.sort());
    });

    test('go with their run where it is removed', async () => {
      await waiting('gone', 1);
      await subject.database.query(`delete from run where run_id = 'gone-0'`);
      expect(await subject.store.monitors.scoresOfRun('gone-0')).toEqual([]);
      expect(await subject.store.monitors.counts('gone@1')).toMatchObject({ sampled: 1, waiting: 0 });
    });
  });
}
