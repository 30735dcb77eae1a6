/** What stands still, and what is counted for whoever watches. */
import { describe, expect, test } from 'vitest';
import type { ResultRow } from '../../src/model/evaluation-result.ts';
import type { OnlineScorer } from '../../src/model/experiment-spec.ts';
import type { Stalled } from '../../src/store/vitals.ts';
import { closing, opening, UNKNOWN } from './call-helpers.ts';
import { createEvaluation } from './evaluation-helpers.ts';
import { deployNext, MINUTE, repeating, startOf } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

const result: ResultRow = {
  exampleId: 'a',
  variant: 0,
  repeat: 1,
  outcome: 'completed',
  error: null,
  output: 'yes',
  run: { latencyMs: 1, costUsd: 0, inputTokens: 1, outputTokens: 1, failed: false, degraded: false },
  cells: {},
  calls: [],
};

/** Other suites have left things of their own. */
const named = <T extends object>({ first }: Stalled<T>, id: string): T | undefined =>
  first.find((each) => Object.values(each).includes(id));

export function describeVitals(subject: Subject): void {
  const begin = (runId: string, pipeline: string) =>
    subject.store.runs.begin({
      ...{ runId, pipeline, planId: 'p', arms: {}, unit: null, idempotencyKey: null, input: 1 },
    });
  const end = (runId: string, outcome: 'completed' | 'failed' = 'completed') =>
    subject.store.runs.complete(runId, { outcome, output: 1, error: null, finishedAt: subject.at, nodes: [] });

  describe('what stands still', () => {
    test('an evaluation without a result for so long, unless it waits for somebody or has ended', async () => {
      const { vitals } = subject.store;
      const twice = () => repeating(subject).store.evaluations;
      await createEvaluation(subject, 'v-idle');
      const idle = async () => named(await vitals.idleEvaluations(10 * MINUTE), 'v-idle');
      subject.at += 10 * MINUTE;
      expect(await idle()).toBeUndefined();
      subject.at += 1;
      expect(await idle()).toEqual({ evaluationId: 'v-idle', state: 'begun', idleMs: 10 * MINUTE + 1 });
      await twice().putResults('v-idle', [result]);
      expect(await idle()).toBeUndefined();
      subject.at += 11 * MINUTE;
      expect(await idle()).toMatchObject({ idleMs: 11 * MINUTE });
      // The same again is nothing new.
      await subject.store.evaluations.putResults('v-idle', [result]);
      expect(await idle()).toMatchObject({ idleMs: 11 * MINUTE });
      await twice().setState('v-idle', 'paused');
      expect(await idle()).toBeUndefined();
      subject.at += 60 * MINUTE;
      // It was told to go on just now.
      await subject.store.evaluations.moveState('v-idle', ['paused'], 'running');
      expect(await idle()).toBeUndefined();
      subject.at += 11 * MINUTE;
      expect(await idle()).toMatchObject({ state: 'running', idleMs: 11 * MINUTE });
      await twice().setState('v-idle', 'cancelled');
      expect(await idle()).toBeUndefined();
    });

    test('a live experiment whose runs wait for scores while none is scored', async () => {
      const { vitals, scoreTasks, experiments, measures } = subject.store;
      await deployNext(subject, 'v-scored');
      const scorers = [{ spec: { id: 'judge' }, sample: 1 } as unknown as OnlineScorer];
      await startOf(subject, 'v-scores', 'v-scored', { spec: { scorers } });
      const task = (runId: string, finishedAt: number) => ({
        ...{ experimentId: 'v-scores', runId, scorer: 'judge', unit: 'u', finishedAt },
      });
      const unscored = async () => named(await vitals.unscored(10 * MINUTE), 'v-scores');
      await scoreTasks.enqueue([task('r1', subject.at), task('r2', subject.at), task('r3', subject.at)]);
      subject.at += 10 * MINUTE + 1;
      expect(await unscored()).toEqual({ experimentId: 'v-scores', waitingMs: 10 * MINUTE + 1 });
      // One that is given back is not scored; one that is given up is.
      const end = (runId: string, state: 'queued' | 'done' | 'failed') =>
        scoreTasks.finish([{ experimentId: 'v-scores', runId, scorer: 'judge', state }]);
      await end('r1', 'queued');
      expect(await unscored()).toBeDefined();
      await end('r1', 'failed');
      expect(await unscored()).toBeUndefined();
      await end('r2', 'done');
      expect(await measures.scoreTasks()).toContainEqual({ experimentId: 'v-scores', queued: 1, done: 1, failed: 1 });
      subject.at += 11 * MINUTE;
      expect(await unscored()).toMatchObject({ waitingMs: 21 * MINUTE + 1 });
      expect(await measures.scoreTasks()).toContainEqual({ experimentId: 'v-scores', queued: 1, done: 0, failed: 0 });
      await experiments.move('v-scores', { to: 'aborted', from: ['running'], by: 'mo', reason: 'enough' });
      expect(await unscored()).toBeUndefined();
    });

    test('live experiments say when they last moved, and what was decided then', async () => {
      const { vitals, ledger, experiments } = subject.store;
      await deployNext(subject, 'v-looked');
      await startOf(subject, 'v-looks', 'v-looked');
      const live = async () => (await vitals.liveExperiments()).find(({ experimentId }) => experimentId === 'v-looks');
      subject.at += 3 * MINUTE;
      expect(await live()).toEqual({
        ...{ experimentId: 'v-looks', pipeline: 'v-looked', state: 'running', lookEveryMs: MINUTE },
        ...{ looks: 0, decision: null, quietMs: 3 * MINUTE },
      });
      await ledger.append('v-looks', { kind: 'look', lookNo: 7, content: { decision: 'continue' } });
      subject.at += 2 * MINUTE;
      expect(await live()).toMatchObject({ looks: 7, decision: 'continue', quietMs: 2 * MINUTE });
      await experiments.move('v-looks', { to: 'paused', from: ['running'], by: 'mo', reason: 'wait' });
      expect(await live()).toMatchObject({ state: 'paused', looks: 7, quietMs: 0 });
      await experiments.move('v-looks', { to: 'aborted', from: ['paused'], by: 'mo', reason: 'enough' });
      expect(await live()).toBeUndefined();
    });

    test('runs that should have ended', async () => {
      const { vitals } = subject.store;
      subject.at += MINUTE;
      const of = async () => (await vitals.unendedRuns(15 * MINUTE)).count;
      const before = await of();
      for (let n = 0; n < 25; n += 1) await begin(`v-late-${n}`, 'v-late');
      subject.at += 15 * MINUTE;
      expect(await of()).toBe(before);
      subject.at += 1;
      const late = await vitals.unendedRuns(15 * MINUTE);
      expect([late.count, late.first.length]).toEqual([before + 25, 20]);
      for (let n = 0; n < 25; n += 1) await end(`v-late-${n}`);
      expect(await of()).toBe(before);
    });

    test('workers count while their steps are published', async () => {
      const { vitals, catalogue } = subject.store;
      await vitals.answers();
      const before = await vitals.workers();
      for (const taskQueue of ['v-run', 'v-other'])
        await catalogue.publish({ workerId: 'v-1', taskQueue, steps: [], leaseMs: MINUTE });
      expect(await vitals.workers()).toBe(before + 1);
      subject.at += 2 * MINUTE;
      expect(await vitals.workers()).toBeLessThanOrEqual(before);
    });
  });

  describe('measures', () => {
    test('runs of the last five minutes, by pipeline: how they ended, and how long those with an answer took', async () => {
      const { measures } = subject.store;
      const of = async () => (await measures.runs()).find(({ pipeline }) => pipeline === 'v-measured');
      await begin('v-m-old', 'v-measured');
      await end('v-m-old');
      subject.at += 5 * MINUTE;
      for (const id of ['v-m-1', 'v-m-2', 'v-m-3', 'v-m-4']) await begin(id, 'v-measured');
      subject.at += 2_000;
      await end('v-m-1');
      await end('v-m-3', 'failed');
      subject.at += 2_000;
      await end('v-m-2');
      expect(await of()).toEqual({
        ...{ pipeline: 'v-measured', started: 4, completed: 2, degraded: 0, failed: 1, cancelled: 0 },
        seconds: [3, 3.9, 3.98].map((seconds) => expect.closeTo(seconds, 9)),
      });
      expect(await measures.unfinished()).toContainEqual({ pipeline: 'v-measured', runs: 1, oldestMs: 4_000 });
      subject.at += 6 * MINUTE;
      // A run that took long counts when it has ended; without answers there are no quantiles, and none is 0.
      expect(await of()).toMatchObject({ started: 0, completed: 0, seconds: null });
      await end('v-m-4');
      expect(await of()).toMatchObject({ started: 0, completed: 1, seconds: [364, 364, 364] });
    });

    test('what was spent since midnight, with the calls whose cost nobody knows', async () => {
      const { measures, calls } = subject.store;
      const model = 'v-model';
      const [known, unknown, failed, before] = Array.from({ length: 4 }, () => opening('v-spent', { model }));
      for (const call of [known, unknown, failed, before]) await calls.open(call!);
      await calls.close(known!.callId, closing());
      await calls.close(unknown!.callId, closing(UNKNOWN));
      await calls.close(failed!.callId, closing({ ...UNKNOWN, status: 'failed', usage: 'none', costUsd: 0 }));
      await calls.close(before!.callId, closing());
      await subject.database.query('update provider_call set started_at = $2 where call_id = $1', [
        before!.callId,
        new Date(Math.floor(subject.at / 86_400_000) * 86_400_000 - 1),
      ]);
      expect((await measures.spending()).filter((row) => row.model === model)).toEqual([
        {
          ...{
            provider: 'openai',
            model,
            calls: 3,
            failed: 1,
            unknown: 1,
            usd: 0.001,
            inputTokens: 100,
            outputTokens: 20,
          },
        },
      ]);
    });

    test('feedback of the last hour, and states', async () => {
      const { measures, feedback } = subject.store;
      await begin('v-said', 'v-said');
      const say = (feedbackId: string, thumb: 1 | -1 | null, isSimulated = false) =>
        feedback.add({
          ...{ feedbackId, runId: 'v-said', thumb, score: null, note: 'n', emoji: null, fields: null, by: null },
          ...{ isSimulated, at: subject.at },
        });
      await say('v-s-0', 1);
      subject.at += 61 * MINUTE;
      await say('v-s-1', 1);
      await say('v-s-2', -1);
      await say('v-s-3', -1);
      await say('v-s-4', null);
      await say('v-s-5', 1, true);
      expect(await measures.feedback()).toContainEqual({ pipeline: 'v-said', up: 1, down: 2, other: 1 });
      const cancelled = (await measures.evaluations()).find(({ state }) => state === 'cancelled');
      const aborted = (await measures.experiments()).find(({ state }) => state === 'aborted');
      expect([cancelled?.count, aborted?.count]).toEqual([expect.any(Number), expect.any(Number)]);
    });
  });
}
