/** Of which datasets there could be a leaderboard. */
import { expect, it, vi } from 'vitest';
import {
  comparableFirst,
  evaluatedDatasets,
  onePerPlan,
  rankedEvaluations,
} from '../../src/evaluation/baseline-leaderboard.ts';
import type { EvaluationRow } from '../../src/store/evaluations.ts';

const row = (name: string, split: string | null, state = 'completed', mode = 'compare') =>
  ({ state, spec: { mode, dataset: { name, split } } }) as unknown as EvaluationRow;

it('takes those that have ended and compare something, the dataset that most are on first', async () => {
  const rows = [
    row('few', 'dev'),
    row('many', null),
    row('many', 'dev'),
    row('many', 'dev', 'partial'),
    row('many', 'dev', 'running'),
    row('few', 'dev', 'completed', 'aa'),
  ];
  const list = vi.fn(async () => rows);
  const found = await rankedEvaluations({ evaluations: { list } } as never, 'tone');
  expect(list).toHaveBeenCalledWith({ name: 'tone', limit: 200 });
  expect(evaluatedDatasets(found)).toEqual([
    {
      name: 'many',
      evaluations: 3,
      splits: [
        { split: 'dev', evaluations: 2 },
        { split: 'all', evaluations: 1 },
      ],
    },
    { name: 'few', evaluations: 1, splits: [{ split: 'dev', evaluations: 1 }] },
  ]);
});

const on = (evaluationId: string, examples: number, ...plans: readonly string[]) =>
  ({
    ...{ evaluationId, pins: { scorerVersions: { s: '1' }, snapshots: {} } },
    spec: { dataset: { name: 'd', version: 'v', examples }, variants: plans.map((planId) => ({ planId })) },
  }) as unknown as EvaluationRow;

it('begins with the largest set of examples that two plans were evaluated on, not with the newest', () => {
  const rows = [on('new', 10, 'a', 'b'), on('alone', 900, 'a'), on('large', 500, 'a', 'c'), on('larger', 500, 'd')];
  expect(comparableFirst(rows).map(({ evaluationId }) => evaluationId)).toEqual(['large', 'larger', 'new', 'alone']);
  expect(comparableFirst([])).toEqual([]);
});

it('has one row per plan, of the first evaluation that has it', () => {
  expect(onePerPlan([on('first', 10, 'a', 'b'), on('second', 10, 'a', 'c')])).toEqual([
    { evaluationId: 'first', variant: 0 },
    { evaluationId: 'first', variant: 1 },
    { evaluationId: 'second', variant: 1 },
  ]);
});
