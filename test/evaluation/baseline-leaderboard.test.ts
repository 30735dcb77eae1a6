/** Differences from a baseline, and a board in another order. */
import { describe, expect, it } from 'vitest';
import { baselineLeaderboard, comparedWords, rearrangeLeaderboard } from '../../src/evaluation/baseline-leaderboard.ts';
import type { Leaderboard, LeaderboardCell } from '../../src/evaluation/compare/leaderboard.ts';

type Given = readonly [mean: number | null, lo: number | null, hi: number | null, rank: number | null];

const cell = ([mean, lo, hi, rank]: Given): LeaderboardCell => ({
  ...{ mean, lo, hi, rank, n: mean === null ? 0 : 10, coverage: mean === null ? 0 : 1 },
  ...{ range: null, best: null, apart: rank === null ? 'nothing was scored' : null },
});

const boardOf = (better: 'higher' | 'lower', given: readonly Given[]): Leaderboard => ({
  columns: [{ metric: 'good', better, format: 'number', judge: null, isJudged: false }],
  rows: given.map((each, variant) => ({
    ...{ evaluationId: 'eval-one', name: 'one', variant, label: `v${variant}`, planId: 'p' },
    dataset: { name: 'd', version: 'h', split: 'dev', tag: null, examples: 10 },
    cells: [cell(each)],
  })),
  sortedBy: 'good',
  alpha: 0.05,
});

const standing = (board: Leaderboard, baseline?: string) =>
  baselineLeaderboard(board, {
    nameOf: ({ variant }) => `name${variant}`,
    evaluationIds: ['eval-one'],
    repeated: [],
    ...(baseline !== undefined && { baseline }),
  });

const GIVEN: readonly Given[] = [
  [0.9, 0.85, 0.95, 1],
  [0.8, 0.7, 0.9, 2],
  [0.6, 0.5, 0.65, 3],
  [0.5, null, null, 4],
  [null, null, null, null],
];

describe('baselineLeaderboard', () => {
  it('has differences from the baseline', () => {
    const { rows, baseline } = standing(boardOf('higher', GIVEN));
    expect(baseline).toBe('eval-one:name0');
    expect(rows.map(({ cells }) => cells[0]!.delta)).toEqual([
      0,
      expect.closeTo(-0.1),
      expect.closeTo(-0.3),
      expect.closeTo(-0.4),
      null,
    ]);
  });

  it('takes a baseline by its label or its reference, and has no difference from what has no rank', () => {
    const board = boardOf('higher', GIVEN);
    expect(standing(board, 'v1').rows[0]!.cells[0]!.delta).toBeCloseTo(0.1);
    expect(standing(board, 'eval-one:name1').rows[0]!.cells[0]!.delta).toBeCloseTo(0.1);
    expect(standing(board, 'v4').rows.map(({ cells }) => cells[0]!.delta)).toEqual([null, null, null, null, null]);
    expect(() => standing(board, 'v9')).toThrow(
      expect.objectContaining({ code: 'variant_unknown', remedy: "did you mean 'v0'?" }),
    );
  });

  it('has no baseline without rows', () => {
    expect(standing(boardOf('higher', []))).toMatchObject({ rows: [], baseline: null });
  });

  it('says of the column that it is sorted by on which examples how many are ranked', () => {
    const board = boardOf('higher', GIVEN);
    const [large, small] = [board.rows[0]!.dataset, { ...board.rows[0]!.dataset, version: 'g', examples: 4 }];
    // The second column ranks rows of another evaluation only, on other examples.
    const rows = board.rows.map((row, place) => ({
      ...row,
      ...{ evaluationId: ['one', 'one', 'two', 'three', 'three'][place]!, dataset: place < 3 ? large : small },
      cells: [...row.cells, cell(place < 3 ? GIVEN[4]! : GIVEN[place - 3]!)],
    }));
    const both = standing({ ...board, rows, columns: [...board.columns, { ...board.columns[0]!, metric: 'quick' }] });
    expect(both.compared).toEqual({ dataset: large, evaluations: 3, plans: 4, repeated: [] });
    const quick = rearrangeLeaderboard(both, { sortBy: 'quick' });
    expect(quick.compared).toEqual({ dataset: small, evaluations: 1, plans: 2, repeated: [] });
    expect(comparedWords(quick.compared!)).toEqual(['Compared on d@g (dev): 4 examples, 1 evaluation, 2 plans.']);
  });

  it('is the same by another metric and against another baseline, without being read again', () => {
    const [one, two] = [boardOf('higher', GIVEN), boardOf('lower', GIVEN.toReversed())];
    const both = {
      ...one,
      columns: [...one.columns, { ...two.columns[0]!, metric: 'quick' }],
      rows: one.rows.map((row, place) => ({ ...row, cells: [...row.cells, ...two.rows[place]!.cells] })),
    };
    const again = rearrangeLeaderboard(standing(both), { sortBy: 'quick', baseline: 'eval-one:name2' });
    expect(again.rows.map(({ reference }) => reference.at(-1))).toEqual(['4', '3', '2', '1', '0']);
    expect([again.sortedBy, again.baseline]).toEqual(['quick', 'eval-one:name2']);
    expect(again.rows.at(-1)!.cells[0]!.delta).toBeCloseTo(0.3);
    expect(rearrangeLeaderboard(again, { sortBy: 'good', baseline: 'eval-one:name0' })).toEqual(standing(both));
    expect(rearrangeLeaderboard(standing(both), { sortBy: 'none', baseline: 'nobody' })).toEqual(standing(both));
  });
});
