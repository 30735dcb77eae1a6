/** The examples behind a comparison: the worst first, with what each side was and why. */
import { expect, test } from 'vitest';
import { comparedExamples } from '../../../src/evaluation/compare/examples.ts';
import { type Given, type Made, madeSheet, scored, times } from './made.ts';

const [baseline, side] = [0, 1].map((variant) => ({ evaluationId: 'eval-a', variant })) as [
  { evaluationId: string; variant: number },
  { evaluationId: string; variant: number },
];
const listed = (made: Made, metric?: string) => [
  ...comparedExamples({ matrices: [madeSheet(made)], baseline, side, ...(metric === undefined ? {} : { metric }) }),
];

const made: Made = {
  metrics: [scored('speed', { role: 'secondary', better: 'lower' }), scored('quality')],
  scores: {
    speed: [
      [1, 1, 1, 1, 1],
      [2, 5, 1, 0.5, 1],
    ],
    quality: [
      [0.5, 0.5, 'missing', 0.5, 0.5],
      [0.7, 0.1, 0.5, 'failed', 0.5],
    ] as Given[][],
  },
  examples: (place) => ({ tags: place === 1 ? ['hard'] : [], cluster: place === 1 ? 'guide' : null }),
};

test('by regression on the first primary, those without one last', () => {
  const examples = listed(made);
  expect(examples.map(({ exampleId, regression }) => [exampleId, regression])).toEqual([
    ['e003', 0.5],
    ['e001', 0.4],
    ['e004', 0],
    ['e000', expect.closeTo(-0.2, 12)],
    ['e002', null],
  ]);
  expect(examples[1]).toMatchObject({ tags: ['hard'], cluster: 'guide' });
});

test('each metric has its values, states and reasons', () => {
  const [failed, worse, , , lacking] = listed(made);
  const none = { done: 0, failed: 0, missing: 0, reasons: [] };
  expect(failed!.metrics[1]).toEqual({
    metric: 'quality',
    baseline: { ...none, value: 0.5, done: 1 },
    variant: { ...none, value: 0, failed: 1, reasons: ['output_invalid'] },
    difference: -0.5,
  });
  expect(worse!.metrics[0]).toMatchObject({ metric: 'speed', difference: 4 });
  expect(lacking!.metrics[1]).toEqual({
    metric: 'quality',
    baseline: { ...none, value: null, missing: 1, reasons: ['rate_limited'] },
    variant: { ...none, value: 0.5, done: 1 },
    difference: null,
  });
});

test('by another metric, whose direction counts', () => {
  expect(listed(made, 'speed').map(({ exampleId }) => exampleId)).toEqual(['e001', 'e000', 'e002', 'e004', 'e003']);
});

test('repeats are counted by what they were', () => {
  const lists: Given[][] = [
    [0.2, 'missing', 0.6],
    ['failed', 'missing', 'missing'],
  ];
  const dataset = { name: 'questions', version: 'd'.repeat(64), split: null, tag: null, examples: 2 } as const;
  const [first, second] = listed({
    metrics: [scored('quality')],
    scores: { quality: [lists, lists] },
    change: { repeats: 3, dataset },
  });
  expect(first!.metrics[0]!.variant).toEqual({ value: 0.4, done: 2, failed: 0, missing: 1, reasons: ['rate_limited'] });
  expect(second!.metrics[0]!.variant).toMatchObject({ value: 0, done: 0, failed: 1, missing: 2 });
});

test('of a judge of pairs, the baseline is even', () => {
  const [worst] = listed({
    metrics: [scored('preferred', { kind: 'win-rate' })],
    scores: { preferred: [times(3, 0.5), [0.5, 1, 0]] },
  });
  expect(worst).toMatchObject({ exampleId: 'e002', regression: 0.5 });
  expect(worst!.metrics[0]!.baseline).toMatchObject({ value: 0.5, done: 0 });
});

test('they are made as they are asked for', () => {
  const many = { metrics: [scored('quality')], scores: { quality: [times(5_000, 0.5), times(5_000, 0.4)] } };
  const examples = comparedExamples({ matrices: [madeSheet(many)], baseline, side });
  expect(examples.next().value).toMatchObject({ exampleId: 'e000' });
  expect(examples.return(undefined).done).toBe(true);
});
