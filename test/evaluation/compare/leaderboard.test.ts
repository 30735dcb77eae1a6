/** Evaluations in one table: means with intervals, and ranks among those that are alike. */
import { expect, test } from 'vitest';
import { leaderboardOf } from '../../../src/evaluation/compare/leaderboard.ts';
import { wilson } from '../../../src/stats/rates.ts';
import { type Given, type Made, madeSheet, scored, sidesOf, times } from './made.ts';
import { pinsOf } from './make.ts';

const metrics = [
  scored('quality'),
  scored('passed', { kind: 'rate', format: 'share' }),
  scored('latency', { source: { from: 'run', field: 'latencyMs' }, better: 'lower', format: 'ms' }),
];
const wave = (shift: number): number[] => Array.from({ length: 20 }, (_, place) => 0.5 + shift + 0.1 * Math.sin(place));
const scoreMatrixOf = (evaluationId: string, shifts: readonly number[], more: Partial<Made> = {}) =>
  madeSheet({
    metrics,
    scores: {
      quality: shifts.map(wave),
      passed: shifts.map((shift) => [...times(10 + 20 * shift, 1), ...times(10 - 20 * shift, 0)]),
      latency: shifts.map(() => times(20, 1)),
    },
    run: (place, variant) => ({ latencyMs: 100 + place - 10 * variant }),
    ...more,
    facts: { evaluationId, ...more.facts },
  });
const boardOf = (matrices: readonly ReturnType<typeof scoreMatrixOf>[], sortBy?: string) =>
  leaderboardOf({ matrices, sides: matrices.flatMap(sidesOf), ...(sortBy === undefined ? {} : { sortBy }) });
const ranks = (board: ReturnType<typeof boardOf>, column: number) =>
  board.rows.map(({ label, cells }) => [label, cells[column]!.rank]);

test('the best first, by the first column or by another, each in its direction', () => {
  const matrices = [scoreMatrixOf('eval-a', [0, 0.2, 0.1]), scoreMatrixOf('eval-b', [0, 0.1])];
  const board = boardOf(matrices);
  expect(board).toMatchObject({ sortedBy: 'quality', alpha: 0.05 });
  expect(ranks(board, 0)).toEqual([
    ['variant of eval-a', 1],
    ['other', 2],
    ['variant of eval-b', 2],
    ['baseline of eval-a', 4],
    ['baseline of eval-b', 4],
  ]);
  expect(ranks(boardOf(matrices, 'latency'), 2)).toEqual([
    ['other', 1],
    ['variant of eval-a', 2],
    ['variant of eval-b', 2],
    ['baseline of eval-a', 4],
    ['baseline of eval-b', 4],
  ]);
});

test('places are of paired comparisons of all sides at once, with groups', () => {
  // Their means overlap widely; example by example the second is always ahead.
  const noise = (by: number) => wave(0).map((value, place) => value + by + 0.001 * Math.sin(7 * place * (1 + by)));
  const scores = { quality: [noise(0), noise(0.01), wave(0)], passed: [], latency: [] };
  const rated = { ...scores, passed: [1, 1, 1].map((each) => times(20, each)), latency: scores.quality };
  const { rows } = boardOf([scoreMatrixOf('eval-a', [0, 0, 0], { scores: rated })]);
  expect(rows[0]!.label).toBe('variant');
  expect(rows[0]!.cells[0]!.lo!).toBeLessThan(rows[1]!.cells[0]!.hi!);
  expect(rows.map(({ cells }) => cells[0]!.range)).toEqual([
    { from: 1, to: 1 },
    { from: 2, to: 3 },
    { from: 2, to: 3 },
  ]);
  expect(rows.map(({ cells }) => cells[0]!.best)).toEqual(['proven', null, null]);
  expect(rows.map(({ cells }) => cells[1]!.best)).toEqual(['tied', 'tied', 'tied']);
});

test('of more variants than are compared in pairs the first are ranked, and the rest are listed with the reason', () => {
  const matrices = [40, 30].map((count, at) =>
    scoreMatrixOf(`eval-${at}`, new Array<number>(count).fill(0.05 * at), {
      variants: Array.from({ length: count }, (_, place) => `v${place}`),
    }),
  );
  const { rows } = boardOf(matrices);
  expect(rows).toHaveLength(70);
  const left = rows.filter(({ cells }) => cells[0]!.rank === null);
  expect(left.map(({ evaluationId, variant }) => `${evaluationId}:${variant}`)).toEqual(
    [24, 25, 26, 27, 28, 29].map((variant) => `eval-1:${variant}`),
  );
  for (const { cells } of left)
    expect(cells[0]).toMatchObject({ apart: 'only the newest 64 variants are ranked', range: null, best: null });
  expect(rows[0]!.cells[0]).toMatchObject({ rank: 1, range: { from: 1 } });
});

test('means have intervals: of t, and of Wilson', () => {
  const [first] = boardOf([scoreMatrixOf('eval-a', [0.2])]).rows;
  const [quality, passed] = first!.cells;
  expect(passed).toMatchObject({ mean: 0.7, n: 20, coverage: 1, apart: null });
  const { lo, hi } = wilson(14, 20, 0.05);
  expect(passed).toMatchObject({ lo, hi });
  expect(quality!.mean! - quality!.lo!).toBeCloseTo(quality!.hi! - quality!.mean!, 12);
  // 2.093 = t(0.975, 19)
  const values = wave(0.2);
  const mean = values.reduce((sum, value) => sum + value, 0) / 20;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 19);
  expect(quality!.hi! - quality!.mean!).toBeCloseTo((2.093024054 * deviation) / Math.sqrt(20), 9);
});

test('clusters widen the interval', () => {
  const plain = boardOf([scoreMatrixOf('eval-a', [0])]).rows[0]!.cells[0]!;
  const clustered = boardOf([
    scoreMatrixOf('eval-a', [0], { examples: (place) => ({ cluster: `c${Math.floor(place / 5)}` }) }),
  ]);
  const cell = clustered.rows[0]!.cells[0]!;
  expect(cell.mean).toBe(plain.mean);
  expect(cell.hi).not.toBeCloseTo(plain.hi!, 3);
});

test('what is not alike is listed apart, with the reason', () => {
  const dataset = { name: 'questions', version: 'd'.repeat(64), split: 'dev', tag: null, examples: 20 } as const;
  const first = scoreMatrixOf('eval-a', [0]);
  const pins = pinsOf(first.facts.spec);
  const others: [string, Partial<Made>, (string | null)[]][] = [
    [
      'eval-b',
      { change: { dataset: { ...dataset, version: 'e'.repeat(64) } } },
      times(3, 0).map(() => 'another version of the dataset'),
    ],
    [
      'eval-c',
      { change: { dataset: { ...dataset, split: null } } },
      times(3, 0).map(() => 'other examples of the dataset'),
    ],
    [
      'eval-d',
      { facts: { pins: { ...pins, scorerVersions: { ...pins.scorerVersions, quality: 'quality-2' } } } },
      ['another version of the scorer', null, null],
    ],
    [
      'eval-e',
      { metrics: [{ ...metrics[0]!, better: 'lower' }, metrics[1]!] },
      ['another direction of the metric', null, 'it does not have this metric'],
    ],
  ];
  for (const [evaluationId, more, expected] of others) {
    const board = boardOf([first, scoreMatrixOf(evaluationId, [0.1], more)]);
    const row = board.rows.find((own) => own.evaluationId === evaluationId)!;
    expect(row.cells.map(({ apart }) => apart)).toEqual(expected);
    expect(row.cells.map(({ rank }) => rank === null)).toEqual(expected.map((apart) => apart !== null));
    if (expected[0] !== null) expect(board.rows.at(-1)).toBe(row);
  }
});

test('what is missing is no zero, and nothing at all has no rank', () => {
  const holes = wave(0).map((value, place): Given => (place < 5 ? 'missing' : value));
  const scores = {
    quality: [holes, times(20, 'missing')],
    passed: [times(20, 1), times(20, 1)],
    latency: [times(20, 1), times(20, 1)],
  };
  const board = boardOf([scoreMatrixOf('eval-a', [0, 0], { scores })]);
  expect(board.rows[0]!.cells[0]).toMatchObject({ n: 15, coverage: 0.75, rank: 1 });
  expect(board.rows[1]!.cells[0]).toMatchObject({
    mean: null,
    lo: null,
    n: 0,
    coverage: 0,
    rank: null,
    apart: 'nothing was scored',
  });
});

test('coverage is of what there is to score', () => {
  const some = wave(0).map((value, place): Given => (place < 10 ? 'inapplicable' : place < 12 ? 'missing' : value));
  const scores = { quality: [some], passed: [times(20, 1)], latency: [times(20, 1)] };
  expect(boardOf([scoreMatrixOf('eval-a', [0], { scores })]).rows[0]!.cells[0]).toMatchObject({ n: 8, coverage: 0.8 });
});

test('win rates are no column, and judges are marked', () => {
  const win = scored('preferred', { kind: 'win-rate' });
  const matrix = madeSheet({
    metrics: [win, metrics[0]!],
    scores: { preferred: [times(6, 0.5)], quality: [times(6, 0.5)] },
  });
  const judges = { quality: { state: 'calibrated', labels: 120, flaws: [] } } as const;
  const { columns, rows } = leaderboardOf({ matrices: [matrix], sides: sidesOf(matrix), judges });
  const column = { metric: 'quality', better: 'higher', format: 'number', judge: judges.quality, isJudged: false };
  expect(columns).toEqual([column]);
  expect(rows[0]!.cells[0]).toMatchObject({ mean: 0.5, lo: null, hi: null, rank: 1 });
  const { scorers } = matrix.facts.spec;
  const asked = scorers.map((scorer) => ({ ...scorer, call: { ...scorer.call!, config: { model: 'some/model' } } }));
  const ofModel = madeSheet({ metrics: [metrics[0]!], scorers: asked, scores: { quality: [times(6, 0.5)] } });
  const [unheld] = leaderboardOf({ matrices: [ofModel], sides: sidesOf(ofModel) }).columns;
  expect(unheld).toMatchObject({ judge: null, isJudged: true });
});

test('no sides: an empty table', () => {
  expect(leaderboardOf({ matrices: [], sides: [] })).toEqual({ columns: [], rows: [], sortedBy: null, alpha: 0.05 });
});
