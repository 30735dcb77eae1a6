/** Evaluations: what is asked, how they stand, what is locked, and which comparisons were made. */
import { describe, expect, test } from 'vitest';
import type { EvaluationPins, Registration } from '../../src/model/evaluation-spec.ts';
import { hashJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import { createEvaluation, specOf } from './evaluation-helpers.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

export function describeEvaluations(subject: Subject): void {
  const create = (evaluationId: string, budgetUsd: number | null = null, spec = specOf(evaluationId)) =>
    createEvaluation(subject, evaluationId, budgetUsd, spec);

  describe('evaluations', () => {
    test('one is made once, and given as it was the second time', async () => {
      const { evaluations } = subject.store;
      const spec = specOf('made', { definition: null, scorers: [{ id: 'z', b: 1, a: [2] } as never] });
      const row = await create('eval-made-1', 0.3, spec);
      expect(row).toEqual({
        ...{ evaluationId: 'eval-made-1', name: 'made', spec, budgetUsd: 0.3, startedBy: 'mo', pins: null },
        ...{ state: 'begun', error: null, createdAt: subject.at, finishedAt: null },
      });
      expect(JSON.stringify(row.spec)).toBe(JSON.stringify(spec));
      subject.at += 1_000;
      expect(await create('eval-made-1', 5, specOf('another'))).toEqual(row);
      expect(await evaluations.get('eval-made')).toEqual(row);
      for (const budget of [-1, Number.NaN, Number.POSITIVE_INFINITY])
        await expect(create('eval-made-2', budget)).rejects.toMatchObject({ code: 'budget_invalid' });
      for (const id of ['\u0000z', 'half \ud800'])
        await expect(create('eval-made-3', null, specOf('made', { scorers: [{ id } as never] }))).rejects.toMatchObject(
          { code: 'text_unstorable', data: { field: 'scorers.0.id' } },
        );
    });

    test('is found by the beginning of its id, and listed, the newest first', async () => {
      const { evaluations } = subject.store;
      for (const id of ['eval-listed-1a', 'eval-listed-1b', 'eval-listed-2']) {
        subject.at += 1;
        await create(id, null, specOf('listed'));
      }
      expect(await evaluations.get('eval-listed-2')).toMatchObject({ evaluationId: 'eval-listed-2' });
      await expect(evaluations.get('eval-listed-1')).rejects.toMatchObject({
        code: 'evaluation_ambiguous',
        remedy: 'give more of the id: eval-listed-1a, eval-listed-1b',
      });
      await expect(evaluations.get('eval-listed-x')).rejects.toMatchObject({
        code: 'evaluation_unknown',
        remedy: "did you mean 'eval-listed-2'?",
      });
      await expect(evaluations.get('')).rejects.toMatchObject({ code: 'evaluation_unknown' });
      const ids = async (filter: object) => (await evaluations.list(filter)).map(({ evaluationId }) => evaluationId);
      const listed = ['eval-listed-2', 'eval-listed-1b', 'eval-listed-1a'];
      expect(await ids({ name: 'listed' })).toEqual(listed);
      expect(await ids({ limit: 2 })).toEqual(listed.slice(0, 2));
      for (const limit of [0, 1_001, 1.5])
        await expect((async () => evaluations.list({ limit }))()).rejects.toMatchObject({ code: 'limit_invalid' });
    });

    test('keeps the pins of the first, says how it stands, and what it may spend', async () => {
      const { evaluations } = subject.store;
      await create('eval-state');
      const pins: EvaluationPins = { digests: { 'rerank@2': 'd' }, snapshots: {}, scorerVersions: {} };
      expect(await evaluations.pin('eval-state', pins)).toEqual(pins);
      expect(await evaluations.pin('eval-state', { ...pins, digests: {} })).toEqual(pins);
      await evaluations.setBudget('eval-state', 2.5);
      const error = { code: 'no\u0000', message: 'half a pair \ud800' };
      await evaluations.setState('eval-state', 'stopped', error);
      const finishedAt = subject.at;
      subject.at += 1_000;
      await evaluations.setState('eval-state', 'stopped', error);
      expect(await evaluations.get('eval-state')).toMatchObject({
        ...{ state: 'stopped', error: { code: 'no\ufffd', message: 'half a pair \ufffd' } },
        ...{ pins, finishedAt, budgetUsd: 2.5 },
      });
      await evaluations.setState('eval-state', 'running');
      expect(await evaluations.get('eval-state')).toMatchObject({ state: 'running', error: null, finishedAt: null });
      await evaluations.setState('eval-state', 'completed');
      expect(await evaluations.get('eval-state')).toMatchObject({ finishedAt: subject.at });
      expect(await evaluations.moveState('eval-state', ['begun', 'running'], 'paused')).toBe(false);
      expect(await evaluations.get('eval-state')).toMatchObject({ state: 'completed', finishedAt: subject.at });
      expect(await evaluations.moveState('eval-state', ['completed'], 'paused')).toBe(true);
      expect(await evaluations.get('eval-state')).toMatchObject({ state: 'paused', finishedAt: null });
      for (const ask of [
        () => evaluations.pin('nowhere', pins),
        () => evaluations.setState('nowhere', 'running'),
        () => evaluations.moveState('nowhere', ['begun'], 'running'),
        () => evaluations.setBudget('nowhere', 1),
        () => evaluations.putResults('nowhere', []),
        () => evaluations.progress('nowhere'),
        () => evaluations.hasResumable('nowhere'),
      ])
        await expect(ask()).rejects.toMatchObject({ code: 'evaluation_unknown' });
    });
  });

  describe('registrations', () => {
    const content = (repeats: number): Registration => ({
      pipeline: 'bot',
      dataset: specOf('x').dataset,
      scorerVersions: { cited: 'v' },
      metrics: [],
      repeats,
      alpha: 0.05,
    });

    test('the first is locked, whatever comes later', async () => {
      const { evaluations } = subject.store;
      expect(await evaluations.registration('release')).toBeUndefined();
      const locked = await evaluations.register('release', content(1), 'eval-1');
      expect(locked).toEqual({
        ...{ name: 'release', hash: hashJson(content(1) as unknown as Json), content: content(1) },
        ...{ evaluationId: 'eval-1', lockedAt: subject.at },
      });
      subject.at += 1_000;
      expect(await evaluations.register('release', content(2), 'eval-2')).toEqual(locked);
      expect(await evaluations.registration('release')).toEqual(locked);
    });

    test('of two processes that lock at once, one is the first', async () => {
      const [one, other] = await together<string[]>(subject.url, 'register', { name: 'raced', count: 20 });
      expect(one).toEqual(other);
    });
  });

  describe('comparisons', () => {
    test('are counted once each, by dataset version', async () => {
      const { evaluations } = subject.store;
      const count = (version: string, ...sides: string[]) => evaluations.countComparisons(version, sides);
      expect(await count('comparing', 'a/b')).toBe(1);
      expect(await count('comparing', 'a/c')).toBe(2);
      expect(await count('comparing', 'a/b')).toBe(2);
      expect(await count('comparing', 'a/b', 'a/d', 'a/e')).toBe(4);
      expect(await count('comparing-more', 'a/b')).toBe(1);
    });

    test('are foreseen without being counted', async () => {
      const { evaluations } = subject.store;
      await evaluations.countComparisons('foreseen', ['a/b', 'a/c']);
      const foresee = (...sides: string[]) => evaluations.nextComparisonCount('foreseen', sides);
      expect([await foresee('a/b', 'a/d'), await foresee('a/d', 'a/e'), await foresee('a/c')]).toEqual([3, 4, 2]);
      expect(await evaluations.countComparisons('foreseen', ['a/c', 'a/d'])).toBe(3);
    });
  });
}
