/** From rows to columns: what is there, what is the worst, what is missing and why. */
import { expect, test } from 'vitest';
import { createSheet } from '../../../src/evaluation/compare/score-matrix.ts';
import { done, examplesOf, factsOf, failed, metricOf, missing, RUN, rowOf, specOf } from './make.ts';

const metrics = [
  metricOf('recall'),
  metricOf('slow', { kind: 'share', above: 150, source: { from: 'run', field: 'latencyMs' }, better: 'lower' }),
  metricOf('failed', { kind: 'rate', source: { from: 'run', field: 'failed' }, better: 'lower' }),
  metricOf('preferred', { kind: 'win-rate', source: { from: 'score', scorer: 'judge', field: 'win' } }),
];
const spec = specOf({ metrics, change: { repeats: 2, dataset: { ...specOf({ metrics }).dataset, examples: 3 } } });
const fresh = () => createSheet(factsOf({ spec, examples: examplesOf(3) }));
const at = (sheet: ReturnType<typeof fresh>, metric: string, variant = 0) => {
  const { values, reasons } = sheet.column(variant, metric)!;
  return Array.from(values, (value, place) => [value, sheet.reason(reasons[place]!)]);
};
const NONE = [Number.NaN, 'not evaluated yet'];

test('a place per example and repeat; what has no row is missing', () => {
  const sheet = fresh();
  sheet.add(rowOf(0, 0, { cells: { quality: done({ recall: 0.4 }) } }));
  sheet.add(rowOf(0, 0, { repeat: 2, cells: { quality: failed() }, outcome: 'failed', run: { ...RUN, failed: true } }));
  sheet.add(rowOf(2, 0, { repeat: 2, cells: { quality: missing() }, run: { ...RUN, latencyMs: 151 } }));
  expect(at(sheet, 'recall')).toEqual([
    [0.4, ''],
    [0, 'output_invalid'],
    NONE,
    NONE,
    NONE,
    [Number.NaN, 'rate_limited'],
  ]);
  expect(at(sheet, 'slow')).toEqual([[0, ''], [0, ''], NONE, NONE, NONE, [1, '']]);
  expect(at(sheet, 'failed')).toEqual([[0, ''], [1, ''], NONE, NONE, NONE, [0, '']]);
  expect(sheet.runs(0)).toEqual({ completed: 2, degraded: 0, failed: 1, cancelled: 0, missing: 3 });
  expect(sheet.runs(1)).toMatchObject({ completed: 0, missing: 6 });
});

test('of a run that could not be made nothing is known', () => {
  const sheet = fresh();
  const error = { code: 'provider_unavailable', message: 'no answer', node: 'draft' };
  const run = { ...RUN, latencyMs: null };
  sheet.add(rowOf(0, 0, { outcome: 'missing', error, run, cells: { quality: missing('no run') } }));
  expect(at(sheet, 'failed')[0]).toEqual([Number.NaN, 'provider_unavailable']);
  expect(at(sheet, 'slow')[0]).toEqual([Number.NaN, 'provider_unavailable']);
  expect(sheet.runs(0).missing).toBe(6);
});

test('the last row of a place stands, and rows of other places are left out', () => {
  const sheet = fresh();
  const row = (recall: number) => rowOf(0, 0, { cells: { quality: done({ recall }) } });
  sheet.add(rowOf(0, 0, { outcome: 'missing', cells: { quality: missing() } }));
  sheet.add(row(0.4));
  for (const strange of [{ exampleId: 'other' }, { variant: 2 }, { variant: -1 }, { repeat: 0 }, { repeat: 3 }]) {
    sheet.add({ ...row(0.9), ...strange });
  }
  expect(at(sheet, 'recall')[0]).toEqual([0.4, '']);
  expect(sheet.runs(0)).toMatchObject({ completed: 1, missing: 5 });
});

test('a score that is no number is missing', () => {
  const sheet = fresh();
  sheet.add(rowOf(0, 0, { cells: { quality: done({ recall: Number.NaN }) } }));
  sheet.add(rowOf(1, 0, { cells: { quality: done({}) } }));
  expect(at(sheet, 'recall')[0]).toEqual([Number.NaN, 'not a number']);
  expect(at(sheet, 'recall')[2]).toEqual([Number.NaN, 'not scored']);
});

test('flips are kept of pairs that a judge was asked about', () => {
  const sheet = fresh();
  sheet.add(rowOf(0, 1, { cells: { judge: done({ win: 0.5, flipped: 1 }) } }));
  sheet.add(rowOf(1, 1, { cells: { judge: done({ win: 1, flipped: 0 }) } }));
  sheet.add(rowOf(2, 1, { cells: { judge: failed() } }));
  expect([...sheet.column(1, 'preferred')!.flips!]).toEqual([1, -1, 0, -1, -1, -1]);
  expect(sheet.column(1, 'recall')!.flips).toBeNull();
  expect(sheet.column(1, 'other')).toBeUndefined();
});

test('reasons beyond a thousand, no row and no score among them, are told as others', () => {
  const many = createSheet(factsOf({ spec, examples: examplesOf(1_200) }));
  for (let place = 0; place < 1_200; place += 1) {
    many.add(rowOf(place, 0, { cells: { quality: missing(`reason ${place}`) } }));
  }
  const words = at(many, 'recall').map(([, reason]) => reason);
  expect(words[0]).toBe('reason 0');
  expect(words[2 * 996]).toBe('reason 996');
  expect(words[2 * 997]).toBe('other reasons');
});
