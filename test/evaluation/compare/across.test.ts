/** Sides of several evaluations: paired by example, warned of what they do not share, and not compared where that is no use. */
import { describe, expect, test } from 'vitest';
import { type CompareInput, compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import type { ScoreMatrix } from '../../../src/evaluation/compare/score-matrix.ts';
import { type Made, madeSheet, scored, sidesOf, times } from './made.ts';
import { pinsOf } from './make.ts';

const wave = (shift: number, count = 60): number[] =>
  Array.from({ length: count }, (_, place) => 0.5 + shift + (0.1 + shift) * Math.sin(place));
const quality = scored('quality');
const other = (made: Partial<Made> & Pick<Made, 'scores'>, facts: Made['facts'] = {}): ScoreMatrix =>
  madeSheet({ metrics: [quality], ...made, facts: { evaluationId: 'eval-b', ...facts } });
const one = (made: Partial<Made> = {}): ScoreMatrix =>
  madeSheet({ metrics: [quality], scores: { quality: [wave(0), wave(0.02)] }, ...made });
const across = (first: ScoreMatrix, second: ScoreMatrix, more: Partial<CompareInput> = {}) =>
  compareEvaluations({
    matrices: [first, second],
    sides: [
      { evaluationId: 'eval-a', variant: 1 },
      { evaluationId: 'eval-b', variant: 1 },
    ],
    comparisons: 1,
    ...more,
  });
const codes = ({ warnings }: { readonly warnings: readonly { readonly code: string }[] }) =>
  warnings.map(({ code }) => code);
const dataset = { name: 'questions', version: 'd'.repeat(64), split: 'dev', tag: null, examples: 60 } as const;

test('variants are paired by their examples, each named with its evaluation', () => {
  const report = across(one(), other({ scores: { quality: [wave(0), wave(0.1)] } }));
  expect(codes(report)).toEqual([]);
  expect(report.sides).toMatchObject([
    { label: 'variant of eval-a', evaluationId: 'eval-a', variant: 1, planId: 'plan-variant' },
    { label: 'variant of eval-b', runs: { completed: 60, missing: 0 }, examples: { common: 60, onlySide: 0 } },
  ]);
  expect(report.metrics[0]!.sides[0]!.effect.diff).toBeCloseTo(
    0.08 + (0.08 * wave(0).reduce((sum, value) => sum + 10 * (value - 0.5), 0)) / 60,
    12,
  );
  expect(report.metrics[0]!.sides[0]!.verdict).toBe('better');
});

describe('warnings', () => {
  const scores = { quality: [wave(0), wave(0.1)] };
  test.each<[string, ScoreMatrix, string[]]>([
    [
      'dataset versions',
      other({ scores, change: { dataset: { ...dataset, version: 'e'.repeat(64) } } }),
      ['dataset_versions'],
    ],
    ['splits', other({ scores, change: { dataset: { ...dataset, split: null } } }), ['dataset_splits']],
    ['tags', other({ scores, change: { dataset: { ...dataset, tag: 'hard' } } }), ['dataset_filters']],
    [
      'snapshots',
      other(
        { scores },
        { pins: { ...pinsOf({ scorers: one().facts.spec.scorers }), snapshots: { docs: 'snapshot-2' } } },
      ),
      ['snapshots'],
    ],
    [
      'step digests',
      other(
        { scores },
        { pins: { ...pinsOf({ scorers: one().facts.spec.scorers }), digests: { 'generate@1': 'digest-2' } } },
      ),
      ['step_digests'],
    ],
    ['alpha', other({ scores, change: { alpha: 0.1 } }), ['criteria']],
    ['what is declared', other({ scores, metrics: [{ ...quality, minimumEffect: 0.3 }] }), ['criteria']],
    ['one that runs yet', other({ scores }, { state: 'running' }), ['unfinished']],
    ['one with holes', other({ scores }, { state: 'partial' }), ['unfinished']],
  ])('%s', (_, second, expected) => {
    const report = across(one(), second);
    expect(codes(report)).toEqual(expected);
    expect(report.warnings[0]).toMatchObject({ sides: [1] });
    expect(report.warnings[0]!.message).toContain('eval-b');
    // Warned of, and compared: the baseline's declaration stands.
    expect(report.metrics[0]!.sides[0]!.verdict).toBe('better');
  });

  test('repeats', () => {
    const twice = wave(0.1).map((value) => [value, value, value]);
    const second = other({ scores: { quality: [twice, twice] }, change: { repeats: 3 } });
    const report = across(one(), second);
    expect(codes(report)).toEqual(['repeats']);
    expect(report.metrics[0]!.sides[0]).toMatchObject({ pairs: 60, verdict: 'better', missing: { cells: 0 } });
  });

  test('two sides of one evaluation are warned of once', () => {
    const second = other({ scores: { quality: [wave(0), wave(0.1), wave(0.2)] } }, { state: 'partial' });
    const sides = [{ evaluationId: 'eval-a', variant: 0 }, ...sidesOf(second)];
    const report = across(one(), second, { sides });
    expect(report.warnings).toMatchObject([
      { code: 'unfinished', sides: [1, 2, 3], remedy: 'sluice eval resume eval-b' },
    ]);
  });

  test('a dataset that is worn', () => {
    const matrix = one();
    const report = compareEvaluations({ matrices: [matrix], sides: sidesOf(matrix), comparisons: 11 });
    expect(codes(report)).toEqual(['dataset_worn']);
    expect(report.metrics[0]!.sides[0]!.sentences.join(' ')).toContain('Comparison 11 on this dataset');
  });

  test('a dataset that is worn points to its final split only where it has one that was not compared', () => {
    const matrix = one();
    const worn = { matrices: [matrix], sides: sidesOf(matrix), comparisons: 11 };
    const wordsOf = (hasFinal: boolean) => {
      const { warnings, metrics } = compareEvaluations({ ...worn, hasFinal });
      return [
        warnings[0]!.remedy,
        metrics[0]!.sides[0]!.sentences.find((sentence) => sentence.startsWith('Comparison')),
      ];
    };
    expect(wordsOf(true)).toEqual([
      'confirm on the final split',
      'Comparison 11 on this dataset: confirm on its final split.',
    ]);
    expect(wordsOf(false)).toEqual([
      'confirm on new examples',
      'Comparison 11 on this dataset: confirm on new examples.',
    ]);
  });

  test('a judge without labels', () => {
    const matrix = one();
    const judges = { quality: { state: 'uncalibrated', labels: 0, flaws: [] } } as const;
    expect(codes(compareEvaluations({ matrices: [matrix], sides: sidesOf(matrix), comparisons: 1, judges }))).toEqual([
      'judge_uncalibrated',
    ]);
  });
});

describe('not compared', () => {
  const scores = { quality: [wave(0), wave(0.1)] };
  const why = (first: ScoreMatrix, second: ScoreMatrix) => {
    const { verdict, why: told, effect, pairs, tests } = across(first, second).metrics[0]!.sides[0]!;
    expect({ verdict, diff: effect.diff, pairs, tests }).toEqual({ verdict: null, diff: null, pairs: 0, tests: [] });
    return told;
  };
  test('old and new scores of a scorer that changed', () => {
    const pins = { ...pinsOf({ scorers: one().facts.spec.scorers }), scorerVersions: { quality: 'quality-2' } };
    const second = other({ scores }, { pins });
    expect(why(one(), second)).toEqual({
      code: 'scorer_versions',
      words: "scorer 'quality' is not the same in eval-a and eval-b",
    });
    const report = across(one(), second);
    expect(codes(report)).toEqual(['scorer_versions']);
    expect(report.multiplicity.holm).toBe(0);
    expect(why(one(), other({ scores }, { pins: null }))!.code).toBe('scorer_versions');
  });
  test('what the run itself shows needs no scorer', () => {
    const latency = scored('latency', { source: { from: 'run', field: 'latencyMs' }, better: 'lower' });
    const run = (place: number) => ({ latencyMs: 100 + place });
    const first = one({ metrics: [latency], scores: { latency: [times(60, 1), times(60, 1)] }, run });
    const second = other(
      {
        metrics: [latency],
        scores: { latency: [times(60, 1), times(60, 1)] },
        run: (place) => ({ latencyMs: 90 + place + Math.sin(place) }),
      },
      { pins: null },
    );
    expect(across(first, second).metrics[0]!.sides[0]!.verdict).toBe('better');
  });
  test.each([
    ['kind', { kind: 'rate' }],
    ['threshold', { kind: 'mean', above: 0.5 }],
    ['direction', { better: 'lower' }],
    ['source', { source: { from: 'score', scorer: 'quality', field: 'other' } }],
  ] as const)('metrics of one name and another %s', (what, change) => {
    const second = other({ scores, metrics: [{ ...quality, ...change }] });
    expect(why(one(), second)).toEqual({
      code: 'defined_differently',
      words: `it has another ${what} in eval-b than in eval-a`,
    });
  });
  test('metrics that one of them does not have, listed all the same', () => {
    const extra = scored('extra');
    const second = other({ metrics: [quality, extra], scores: { ...scores, extra: scores.quality } });
    const { metrics } = across(one(), second);
    expect(metrics.map(({ name, sides }) => [name, sides[0]!.why?.code])).toEqual([
      ['quality', undefined],
      ['extra', 'not_measured'],
    ]);
  });
  test('win rates against another baseline', () => {
    const win = scored('preferred', { kind: 'win-rate' });
    const wins = { preferred: [times(60, 0.5), wave(0.1).map((value) => Number(value > 0.5))] };
    const made = { metrics: [win], scores: wins };
    expect(why(one(made), other(made))!.code).toBe('no_common_run');
    const three = one({ metrics: [win], scores: { preferred: [...wins.preferred, wins.preferred[1]!] } });
    const sides = [1, 2].map((variant) => ({ evaluationId: 'eval-a', variant }));
    const report = compareEvaluations({ matrices: [three], sides, comparisons: 1 });
    expect(report.metrics[0]!.sides[0]!.why!.code).toBe('no_common_run');
  });
});

test('examples of one side only are in no pair, and those whose content changed neither', () => {
  const first = one({ examples: (place) => (place < 4 ? { hash: 'before' } : {}) });
  const second = other({
    scores: { quality: [wave(0, 80), wave(0.1, 80)] },
    change: { dataset: { ...dataset, version: 'e'.repeat(64), examples: 80 } },
  });
  const report = across(first, second);
  expect(report.sides[1]!.examples).toEqual({ common: 56, onlyBaseline: 0, onlySide: 20, changed: 4 });
  expect(report.metrics[0]!.sides[0]).toMatchObject({ pairs: 56, missing: { cells: 0 } });
  expect(codes(report)).toEqual(['dataset_versions', 'examples_changed']);
  expect(report.warnings[0]!.message).toContain('56 examples are the same in both');
});

test('an evaluation against itself is named so', () => {
  const matrix = one({ variants: ['baseline', 'baseline'], change: { mode: 'aa' } });
  const { sides } = compareEvaluations({ matrices: [matrix], sides: sidesOf(matrix), comparisons: 1 });
  expect(sides.map(({ label }) => label)).toEqual(['baseline', 'baseline again']);
});

describe('sides that are none', () => {
  const matrix = one();
  const failure = (sides: CompareInput['sides']) => {
    try {
      compareEvaluations({ matrices: [matrix], sides, comparisons: 1 });
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const [baseline, variant] = sidesOf(matrix);
  test.each([
    ['one alone', [baseline!], 'sides_invalid'],
    ['one twice', [baseline!, variant!, variant!], 'sides_invalid'],
    ['too many', Array.from({ length: 21 }, () => variant!), 'sides_invalid'],
    ['another variant', [baseline!, { evaluationId: 'eval-a', variant: 2 }], 'variant_unknown'],
    ['half a variant', [baseline!, { evaluationId: 'eval-a', variant: 0.5 }], 'variant_unknown'],
    ['another evaluation', [baseline!, { evaluationId: 'eval-b', variant: 0 }], 'evaluation_unknown'],
  ])('%s', (_, sides, code) => {
    expect(failure(sides)).toMatchObject({ code });
  });
});
