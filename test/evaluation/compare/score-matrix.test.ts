/** From rows to columns: what is there, what is the worst, what is missing and why. */
import { expect, test } from 'vitest';
import { createScoreMatrix } from '../../../src/evaluation/compare/score-matrix.ts';
import { done, examplesOf, factsOf, failed, metricOf, missing, RUN, rowOf, specOf } from './make.ts';

const metrics = [
  metricOf('recall'),
  metricOf('slow', { kind: 'share', above: 150, source: { from: 'run', field: 'latencyMs' }, better: 'lower' }),
  metricOf('failed', { kind: 'rate', source: { from: 'run', field: 'failed' }, better: 'lower' }),
  metricOf('preferred', { kind: 'win-rate', source: { from: 'score', scorer: 'judge', field: 'win' } }),
];
const spec = specOf({ metrics, change: { repeats: 2, dataset: { ...specOf({ metrics }).dataset, examples: 3 } } });
const fresh = () => createScoreMatrix(factsOf({ spec, examples: examplesOf(3) }));
const at = (matrix: ReturnType<typeof fresh>, metric: string, variant = 0) => {
  const { values, reasons } = matrix.column(variant, metric)!;
  return Array.from(values, (value, place) => [value, matrix.reason(reasons[place]!)]);
};
const NONE = [Number.NaN, 'not evaluated yet'];

test('a place per example and repeat; what has no row is missing', () => {
  const matrix = fresh();
  matrix.add(rowOf(0, 0, { cells: { quality: done({ recall: 0.4 }) } }));
  matrix.add(
    rowOf(0, 0, { repeat: 2, cells: { quality: failed() }, outcome: 'failed', run: { ...RUN, failed: true } }),
  );
  matrix.add(rowOf(2, 0, { repeat: 2, cells: { quality: missing() }, run: { ...RUN, latencyMs: 151 } }));
  expect(at(matrix, 'recall')).toEqual([
    [0.4, ''],
    [0, 'output_invalid'],
    NONE,
    NONE,
    NONE,
    [Number.NaN, 'rate_limited'],
  ]);
  expect(at(matrix, 'slow')).toEqual([[0, ''], [0, ''], NONE, NONE, NONE, [1, '']]);
  expect(at(matrix, 'failed')).toEqual([[0, ''], [1, ''], NONE, NONE, NONE, [0, '']]);
  expect(matrix.runs(0)).toEqual({ completed: 2, degraded: 0, failed: 1, cancelled: 0, missing: 3 });
  expect(matrix.runs(1)).toMatchObject({ completed: 0, missing: 6 });
});

test('of a run that could not be made nothing is known', () => {
  const matrix = fresh();
  const error = { code: 'provider_unavailable', message: 'no answer', node: 'draft' };
  const run = { ...RUN, latencyMs: null };
  matrix.add(rowOf(0, 0, { outcome: 'missing', error, run, cells: { quality: missing('no run') } }));
  expect(at(matrix, 'failed')[0]).toEqual([Number.NaN, 'provider_unavailable']);
  expect(at(matrix, 'slow')[0]).toEqual([Number.NaN, 'provider_unavailable']);
  expect(matrix.runs(0).missing).toBe(6);
});

test('the last row of a place stands, and rows of other places are left out', () => {
  const matrix = fresh();
  const row = (recall: number) => rowOf(0, 0, { cells: { quality: done({ recall }) } });
  matrix.add(rowOf(0, 0, { outcome: 'missing', cells: { quality: missing() } }));
  matrix.add(row(0.4));
  for (const strange of [{ exampleId: 'other' }, { variant: 2 }, { variant: -1 }, { repeat: 0 }, { repeat: 3 }]) {
    matrix.add({ ...row(0.9), ...strange });
  }
  expect(at(matrix, 'recall')[0]).toEqual([0.4, '']);
  expect(matrix.runs(0)).toMatchObject({ completed: 1, missing: 5 });
});

test('a score that is no number is missing', () => {
  const matrix = fresh();
  matrix.add(rowOf(0, 0, { cells: { quality: done({ recall: Number.NaN }) } }));
  matrix.add(rowOf(1, 0, { cells: { quality: done({}) } }));
  expect(at(matrix, 'recall')[0]).toEqual([Number.NaN, 'not a number']);
  expect(at(matrix, 'recall')[2]).toEqual([Number.NaN, 'not scored']);
});

test('flips are kept of pairs that a judge was asked about', () => {
  const matrix = fresh();
  matrix.add(rowOf(0, 1, { cells: { judge: done({ win: 0.5, flipped: 1 }) } }));
  matrix.add(rowOf(1, 1, { cells: { judge: done({ win: 1, flipped: 0 }) } }));
  matrix.add(rowOf(2, 1, { cells: { judge: failed() } }));
  expect([...matrix.column(1, 'preferred')!.flips!]).toEqual([1, -1, 0, -1, -1, -1]);
  expect(matrix.column(1, 'recall')!.flips).toBeNull();
  expect(matrix.column(1, 'other')).toBeUndefined();
});

test('reasons beyond a thousand, no row and no score among them, are told as others', () => {
  const many = createScoreMatrix(factsOf({ spec, examples: examplesOf(1_200) }));
  for (let place = 0; place < 1_200; place += 1) {
    many.add(rowOf(place, 0, { cells: { quality: missing(`reason ${place}`) } }));
  }
  const words = at(many, 'recall').map(([, reason]) => reason);
  expect(words[0]).toBe('reason 0');
  expect(words[2 * 996]).toBe('reason 996');
  expect(words[2 * 997]).toBe('other reasons');
});
