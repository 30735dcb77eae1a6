/** Of which datasets there could be a leaderboard. */
import { expect, it, vi } from 'vitest';
import { evaluatedDatasets, rankedEvaluations } from '../../src/evaluation/load-board.ts';
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
