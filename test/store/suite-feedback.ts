/** Feedback, and the queue of runs to score. */
import { describe, expect, test } from 'vitest';
import type { CarriedAssignment } from '../../src/model/assign.ts';
import type { NewFeedback } from '../../src/store/feedback.ts';
import { MINUTE, repeating } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

const assignment: CarriedAssignment = {
  experiment: 'f-x',
  arm: 'one',
  armIndex: 1,
  stage: 1,
  unit: 'u',
  probability: 0.5,
  isOverride: false,
  nodes: ['ranked'],
};

const said = (feedbackId: string, more: Partial<NewFeedback> = {}): NewFeedback => ({
  feedbackId,
  runId: 'f-run',
  thumb: 1,
  score: 0.1 + 0.2,
  note: 'good\u0000',
  emoji: '👍🏽',
  fields: { b: 1, a: [null] },
  by: null,
  isSimulated: false,
  at: 1_767_225_600_123,
  ...more,
});

export function describeFeedback(subject: Subject): void {
  const begin = (runId: string, pipeline: string, assignments: readonly CarriedAssignment[] | null = null) =>
    subject.store.runs.begin({
      runId,
      pipeline,
      planId: 'p',
      arms: {},
      unit: null,
      idempotencyKey: null,
      input: 1,
      assignments,
    });

  describe('feedback', () => {
    test('a delivery is kept once, and says what the run was given', async () => {
      const { feedback } = subject.store;
      await begin('f-run', 'f-one', [assignment]);
      await begin('f-plain', 'f-one');
      const added = await feedback.add(said('f-1'));
      expect(added).toEqual({
        created: true,
        row: { ...said('f-1'), note: 'good\uFFFD', keyId: null, receivedAt: subject.at },
        assignments: [assignment],
      });
      subject.at += 10;
      const again = await feedback.add(said('f-1', { at: 5, fields: { a: [null], b: 1 } }));
      expect(again).toEqual({ ...added, created: false });
      expect(await feedback.add(said('f-2', { runId: 'f-plain', fields: null }))).toMatchObject({ assignments: [] });
      expect(await feedback.ofRun('f-run')).toEqual([added.row]);
    });

    test('an id stands for one thing that was said, of a run that there is', async () => {
      const { feedback } = subject.store;
      await begin('f-run', 'f-one', [assignment]);
      await begin('f-other', 'f-one');
      await feedback.add(said('f-3'));
      for (const other of [
        { thumb: -1 },
        { score: null },
        { note: 'no' },
        { fields: {} },
        { runId: 'f-other' },
      ] as const)
        await expect(feedback.add(said('f-3', other))).rejects.toMatchObject({ code: 'feedback_conflict' });
      await expect(feedback.add(said('f-4', { runId: 'f-othe' }))).rejects.toMatchObject({
        code: 'run_unknown',
        remedy: "did you mean 'f-other'?",
      });
    });

    test('the list is newest first, of a pipeline, a thumb, a time', async () => {
      const { feedback } = subject.store;
      await begin('f-a', 'f-listed');
      await begin('f-b', 'f-unlisted');
      subject.at += 1;
      const from = subject.at;
      for (const [id, runId, thumb] of [
        ['f-l1', 'f-a', 1],
        ['f-l2', 'f-b', 1],
        ['f-l3', 'f-a', -1],
        ['f-l4', 'f-a', null],
      ] as const) {
        await feedback.add(said(id, { runId, thumb }));
        subject.at += 1;
      }
      // Others' tests may have said things since.
      const ids = async (filter: object, limit = 1_000) =>
        (await feedback.list({ ...filter, limit })).map(({ feedbackId }) => feedbackId).filter((id) => /^f-l/.test(id));
      expect(await ids({ pipeline: 'f-listed' })).toEqual(['f-l4', 'f-l3', 'f-l1']);
      expect(await ids({ pipeline: 'f-listed' }, 1)).toEqual(['f-l4']);
      expect(await ids({ since: from, thumb: 1 })).toEqual(['f-l2', 'f-l1']);
      expect(await ids({ since: from + 1 })).toEqual(['f-l4', 'f-l3', 'f-l2']);
    });
  });

  describe('runs to score', () => {
    const tasks = (experimentId: string, count: number) =>
      [...Array(count).keys()].map((n) => ({
        experimentId,
        runId: `run-${n}`,
        scorer: 'judge',
        unit: `u${n}`,
        finishedAt: subject.at - n,
      }));

    test('each is claimed by one at a time, the oldest first, and comes back when its lease has passed', async () => {
      const { scoreTasks } = repeating(subject).store;
      const { scoreTasks: once } = subject.store;
      await scoreTasks.enqueue(tasks('t-1', 5));
      const claimed = await Promise.all([1, 2, 3].map(() => once.claim('t-1', 2, MINUTE)));
      const runs = claimed.flat().map(({ runId }) => runId);
      expect([...runs].sort()).toEqual(['run-0', 'run-1', 'run-2', 'run-3', 'run-4']);
      expect(claimed.flat()[0]).toMatchObject({ experimentId: 't-1', scorer: 'judge', tries: 1 });
      expect(await once.claim('t-1', 9, MINUTE)).toEqual([]);
      await scoreTasks.finish([
        { experimentId: 't-1', runId: 'run-4', scorer: 'judge', state: 'done', scores: { grounded: 0.5 } },
        { experimentId: 't-1', runId: 'run-3', scorer: 'judge', state: 'queued' },
        { experimentId: 't-1', runId: 'run-2', scorer: 'judge', state: 'failed', error: { code: 'c', message: 'm\0' } },
      ]);
      expect(await once.claim('t-1', 9, MINUTE)).toMatchObject([{ runId: 'run-3', tries: 2 }]);
      await scoreTasks.finish([{ experimentId: 't-1', runId: 'run-4', scorer: 'judge', state: 'queued' }]);
      await scoreTasks.enqueue(tasks('t-1', 5));
      expect(await scoreTasks.counts('t-1')).toEqual({ queued: 3, done: 1, failed: 1 });
      subject.at += MINUTE;
      const back = await once.claim('t-1', 9, MINUTE);
      expect(back.map(({ runId }) => runId)).toEqual(['run-3', 'run-1', 'run-0']);
    });
  });
}
