/** What came to a pipeline lately, what was said of it, and examples made of that. */
import { describe, expect, test } from 'vitest';
import type { Json, RunOutcome } from '../../src/plan/plan.ts';
import { closing, opening } from './call-helpers.ts';
import { MINUTE, repeating } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

interface Ran {
  readonly pipeline?: string;
  readonly unit?: string | null;
  readonly input?: Json;
  readonly output?: Json;
  readonly outcome?: RunOutcome | 'running';
  /** Of its calls; null: of unknown cost. */
  readonly usd?: readonly (number | null)[];
}

export function describeTraffic(subject: Subject): void {
  async function ran(runId: string, given: Ran = {}): Promise<void> {
    const { pipeline = 't-bot', unit = null, input = 1, output = null, outcome = 'completed', usd = [] } = given;
    const { runs, calls } = subject.store;
    await runs.begin({ ...{ runId, pipeline, planId: 'p', arms: {}, unit, idempotencyKey: null }, input });
    for (const costUsd of usd) {
      const call = opening(runId);
      await calls.open(call);
      await calls.close(call.callId, closing({ costUsd, inputTokens: 10, outputTokens: 1 }));
    }
    if (outcome !== 'running')
      await runs.complete(runId, { outcome, output, error: null, finishedAt: subject.at + 250, nodes: [] });
  }
  const say = (runId: string, thumb: 1 | -1 | null, by = '') =>
    subject.store.feedback.add({
      ...{ feedbackId: `t-${runId}-${thumb}${by}`, runId, thumb, score: null, note: null, emoji: null, fields: null },
      ...{ by: null, isSimulated: false, at: subject.at },
    });

  describe('traffic', () => {
    test('is of runs that have ended, since a time, in the order in which they began', async () => {
      const { traffic } = subject.store;
      const since = subject.at + MINUTE;
      await ran('t-old');
      subject.at = since;
      await ran('t-b', { unit: 'ada', input: { user: 'ada' }, output: { text: 'x' } });
      subject.at += 1;
      await ran('t-a', { outcome: 'failed' });
      await ran('t-running', { outcome: 'running' });
      await ran('t-other', { pipeline: 't-else' });
      const asked = { pipeline: 't-bot', since, withInput: false, withOutput: false };
      const runs = await traffic.runs(asked);
      expect(runs.map(({ runId, unit, state }) => [runId, unit, state])).toEqual([
        ['t-b', 'ada', 'completed'],
        ['t-a', null, 'failed'],
      ]);
      expect(runs[0]).toMatchObject({ startedAt: since, finishedAt: since + 250, arms: {}, input: null, output: null });
      const [whole] = await traffic.runs({ ...asked, withInput: true, withOutput: true });
      expect(whole).toMatchObject({ input: { user: 'ada' }, output: { text: 'x' } });
    });

    test('where nothing was paid nothing was spent; a sum with something unknown in it is unknown', async () => {
      await ran('t-1', { pipeline: 't-paid' });
      subject.at += 1;
      await ran('t-2', { pipeline: 't-paid', usd: [0.5, 0.25] });
      subject.at += 1;
      await ran('t-3', { pipeline: 't-paid', usd: [0.5, null] });
      const runs = await subject.store.traffic.runs({
        ...{ pipeline: 't-paid', since: 0, withInput: false, withOutput: false },
      });
      expect(runs.map(({ costUsd, inputTokens, outputTokens }) => [costUsd, inputTokens, outputTokens])).toEqual([
        [0, 0, 0],
        [0.75, 20, 2],
        [null, 20, 2],
      ]);
    });

    test('has what was said of its runs', async () => {
      const since = subject.at;
      await ran('t-said', { pipeline: 't-heard' });
      await say('t-said', 1);
      await ran('t-unheard', { pipeline: 't-else' });
      await say('t-unheard', -1);
      expect(await subject.store.traffic.feedback({ pipeline: 't-heard', since })).toEqual([
        { feedbackId: 't-t-said-1', runId: 't-said', thumb: 1, score: null, at: since },
      ]);
    });
  });

  describe('rated runs', () => {
    test('are those with thumbs, by what most people said, those rated last first', async () => {
      const { feedback } = subject.store;
      for (const runId of ['r-up', 'r-down', 'r-even', 'r-silent', 'r-else'])
        await ran(runId, { pipeline: runId === 'r-else' ? 'r-2' : 'r-1', output: runId });
      for (const [runId, ...thumbs] of [
        ['r-up', 1, 1, -1],
        ['r-down', -1],
        ['r-even', 1, -1],
        ['r-silent', null],
        ['r-else', 1],
      ] as const)
        for (const [index, thumb] of thumbs.entries()) {
          subject.at += 10;
          await say(runId, thumb, String(index));
        }
      const ids = async (filter: object) =>
        (await feedback.ratedRuns({ pipeline: 'r-1', limit: 10, ...filter })).map(({ runId }) => runId);
      expect(await ids({})).toEqual(['r-even', 'r-down', 'r-up']);
      expect(await ids({ thumb: 1 })).toEqual(['r-up']);
      expect(await ids({ thumb: -1 })).toEqual(['r-down']);
      expect(await ids({ limit: 1 })).toEqual(['r-even']);
      // Thumbs alone that came since: of `r-even` the last one.
      expect(await ids({ since: subject.at - 20, thumb: -1 })).toEqual(['r-even']);
      expect(await feedback.ratedRuns({ pipeline: 'r-1', thumb: 1, limit: 1 })).toEqual([
        {
          ...{ runId: 'r-up', pipeline: 'r-1', state: 'completed', input: 1, output: 'r-up', up: 2, down: 1 },
          ratedAt: subject.at - 50,
        },
      ]);
    });
  });

  describe('many examples', () => {
    const example = (id: string, text = id) => ({ id, input: { question: text } });

    test('are added in one version; those that are there stay as they are', async () => {
      const { datasets } = subject.store;
      const begun = await datasets.addAll('t-many', [example('a'), example('b')], 'thumbs up', { mayBegin: true });
      expect(begun).toMatchObject({ created: true, added: ['a', 'b'], version: { sequence: 1, examples: 2 } });
      const more = await datasets.addAll('t-many', [example('b', 'other'), example('c')], 'thumbs up');
      expect(more).toMatchObject({ created: true, added: ['c'], version: { sequence: 2, examples: 3 } });
      const [, b] = await datasets.examples(more.version.version);
      expect(b).toEqual(example('b'));
      const none = await datasets.addAll('t-many', [example('c', 'other')], 'thumbs up');
      expect(none).toMatchObject({ created: false, added: [], version: { version: more.version.version } });
      await expect(datasets.addAll('t-none', [example('a')], 'x')).rejects.toMatchObject({ code: 'dataset_unknown' });
    });

    test('every statement may be made twice', async () => {
      const { store } = repeating(subject);
      const outcome = await store.datasets.addAll('t-twice', [example('a')], 'x', { mayBegin: true });
      expect(outcome.version).toMatchObject({ examples: 1, isCurrent: true });
      expect(await subject.store.datasets.versions('t-twice')).toHaveLength(1);
    });
  });
}
