/** Metrics of sides: each test's numbers are those of the engine and of the published cases; edges never win, and never crash. */
import { describe, expect, test } from 'vitest';
import { compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import { compareScores } from '../../../src/stats/compare-scores.ts';
import { compareMade, type Given, madeSheet, scored, sidesOf, times } from './made.ts';

const quality = scored('quality');

describe('published cases', () => {
  test('paired t and sign-flip', () => {
    const control = [0.714, 0.375, 0.667, 0.564, 0.692, 0.637, 0.542, 0.594, 0.937, 0.963];
    const treatment = [0.74, 0.313, 0.725, 0.626, 0.753, 0.588, 0.274, 0.584, 0.914, 0.948];
    const [side] = compareMade({ metrics: [quality], scores: { quality: [control, treatment] } }).metrics[0]!.sides;
    expect(side).toMatchObject({ verdict: 'inconclusive', method: 'paired_t', pairs: 10, units: 10, side: 1 });
    expect(side!.effect.diff).toBeCloseTo(-0.022, 9);
    expect(side!.effect.lo).toBeCloseTo(-0.0918009804, 9);
    expect(side!.effect.hi).toBeCloseTo(0.0478009804, 9);
    const [t, flip] = side!.tests;
    expect(t).toMatchObject({ name: 't', decides: true });
    expect(t!.p).toBeCloseTo(0.493921925, 8);
    const engine = compareScores(control, treatment, { alpha: 0.05, better: 'higher', mde: null });
    expect(flip).toEqual({ name: 'sign_flip', p: engine.pSignFlip, decides: true });
    expect(side!.p).toBe(Math.max(t!.p, flip!.p));
    expect(side!.pAdjusted).toBe(side!.p);
    expect(side!.nNeeded).toBe(engine.nNeeded);
    expect(side).toMatchObject({ wins: 4, losses: 6, ties: 0 });
    expect(side!.baseline.mean).toBeCloseTo(0.6685, 9);
    expect(side!.variant.mean).toBeCloseTo(0.6465, 9);
  });

  test('clusters', () => {
    const d = [-0.081, 0.044, 0.088, 0.126, -0.344, 0.112, 0.293];
    const clusters = ['c0', 'c0', 'c1', 'c1', 'c2', 'c3', 'c4'];
    const scores = { quality: [d.map(() => 0.5), d.map((difference) => 0.5 + difference)] };
    const made = { metrics: [quality], scores, examples: (place: number) => ({ cluster: clusters[place]! }) };
    const [side] = compareMade(made).metrics[0]!.sides;
    expect(side).toMatchObject({ method: 'cluster_paired', pairs: 7, units: 5, verdict: null });
    expect(side!.why).toEqual({ code: 'too_few_units', words: 'a verdict needs at least 6 units' });
    expect(side!.effect.diff).toBeCloseTo(0.034, 9);
    expect(side!.effect.lo).toBeCloseTo(-0.187010604, 9);
    expect(side!.tests[0]!.p).toBeCloseTo(0.691275855, 8);
  });

  test('passes and failures: McNemar with Bonett and Price', () => {
    const rows: [number, number, number][] = [
      [70, 1, 1],
      [4, 1, 0],
      [14, 0, 1],
      [12, 0, 0],
    ];
    const scores = [1, 2].map((column) => rows.flatMap((row) => times(row[0], row[column]!)));
    const passed = scored('passed', { kind: 'rate', format: 'share' });
    const [side] = compareMade({ metrics: [passed], scores: { passed: scores } }).metrics[0]!.sides;
    expect(side).toMatchObject({
      method: 'mcnemar_exact',
      pairs: 100,
      wins: 14,
      losses: 4,
      ties: 82,
      verdict: 'better',
    });
    expect(side!.effect.diff).toBeCloseTo(0.1, 12);
    expect(side!.effect.lo).toBeCloseTo(0.0142383127, 9);
    expect(side!.effect.hi).toBeCloseTo(0.181840119, 9);
    expect(side!.p).toBeCloseTo(0.0308837891, 9);
    expect(side!.tests[1]).toMatchObject({ name: 'mcnemar_mid', decides: false });
    expect(side!.tests[1]!.p).toBeCloseTo(0.0192108154, 9);
    expect(side!.baseline.mean).toBe(0.74);
  });

  test('a judge of pairs: win rate, sign test, and flips', () => {
    const win = scored('preferred', { kind: 'win-rate', format: 'share' });
    const wins = [
      ...times(48, { win: 1, flipped: 0 }),
      ...times(20, { win: 0.5, flipped: 1 }),
      ...times(32, { win: 0, flipped: 0 }),
    ];
    const made = { metrics: [win], scores: { preferred: [times(100, { win: 0.5, flipped: 0 }), wins] } };
    const report = compareMade(made);
    const [side] = report.metrics[0]!.sides;
    expect(side).toMatchObject({ method: 'pairwise', wins: 48, ties: 20, losses: 32, verdict: 'inconclusive' });
    expect(side!.effect.diff).toBeCloseTo(0.08, 12);
    expect(side!.effect.lo).toBeCloseTo(0.492254625 - 0.5, 9);
    expect(side!.effect.hi).toBeCloseTo(0.667745375 - 0.5, 9);
    expect(side!.p).toBeCloseTo(0.0929118822, 9);
    expect(side!.baseline.mean).toBe(0.5);
    expect(side!.positionBias).toMatchObject({ flips: 20, of: 100, share: 0.2, warn: false });
    expect(report.warnings).toEqual([]);
    const more = wins.with(0, { win: 0.5, flipped: 1 });
    const warned = compareMade({ ...made, scores: { preferred: [times(100, 0.5), more] } });
    expect(warned.warnings).toMatchObject([{ code: 'position_bias', sides: [1] }]);
    expect(warned.warnings[0]!.message).toContain('21 of 100 comparisons');
  });

  test('Holm over sides and primaries', () => {
    const metrics = [scored('a'), scored('b'), scored('c', { role: 'secondary' })];
    const wave = (shift: number, seed: number): number[] =>
      Array.from({ length: 40 }, (_, place) => 0.5 + shift + 0.1 * Math.sin(place * seed));
    const scores = Object.fromEntries(
      ['a', 'b', 'c'].map((name, of) => [name, [wave(0, 1), wave(0.03 * of, 2 + of), wave(0.05 - 0.01 * of, 5 + of)]]),
    );
    const report = compareMade({ metrics, scores });
    expect(report.multiplicity).toEqual({ holm: 4, secondary: 2, slices: 0, exploratoryRate: 0.1 });
    const primaries = report.metrics.slice(0, 2).flatMap(({ sides }) => sides);
    const byP = primaries.toSorted((one, other) => one.p! - other.p!);
    let largest = 0;
    for (const [rank, { p, pAdjusted }] of byP.entries()) {
      largest = Math.max(largest, Math.min(1, p! * (4 - rank)));
      expect(pAdjusted).toBeCloseTo(largest, 12);
    }
    expect(primaries[0]!.sentences.join(' ')).toContain("One of 4 tests: decided by Holm's method");
    expect(report.metrics[2]!.sides.every(({ isExploratory }) => isExploratory)).toBe(true);
  });
});

test('a p that is small alone may be too large among others', () => {
  const control = Array.from({ length: 12 }, () => 0.5);
  const treatment = control.map((_, place) => 0.5 + 0.04 + 0.09 * Math.sin(place * 7));
  const alone = compareMade({ metrics: [quality], scores: { quality: [control, treatment] } }).metrics[0]!.sides[0]!;
  expect(alone.verdict).toBe('better');
  const other = control.map((_, place) => 0.5 + 0.1 * Math.sin(place * 5));
  const scores = { quality: [control, treatment, other, other.toReversed()] };
  const among = compareMade({ metrics: [quality], scores }).metrics[0]!.sides[0]!;
  expect(among.effect).toEqual(alone.effect);
  expect(among.pAdjusted).toBeCloseTo(3 * alone.p!, 12);
  expect(among.verdict).toBe('inconclusive');
  expect(among.nNeeded).toBeGreaterThan(12);
});

test('equivalent lies within the declared effect, and lower can be better', () => {
  const control = Array.from({ length: 60 }, (_, place) => 0.5 + 0.1 * Math.sin(place));
  const near = control.map((value, place) => value + 0.01 * Math.sin(place * 3));
  const lower = scored('quality', { better: 'lower', minimumEffect: 0.05 });
  const worse = control.map((value, place) => value + 0.2 + 0.01 * Math.sin(place * 3));
  const { sides } = compareMade({ metrics: [lower], scores: { quality: [control, near, worse] } }).metrics[0]!;
  expect(sides.map(({ verdict }) => verdict)).toEqual(['equivalent', 'worse']);
  expect(sides[1]).toMatchObject({ wins: 0, losses: 60 });
});

describe('failed counts as the worst, missing as nothing', () => {
  const scores = (given: Given): Given[] => [given, ...times(29, 0.5).map((_, place) => 0.5 + 0.01 * (place % 3))];
  test('failed', () => {
    const made = { metrics: [quality], scores: { quality: [scores(0.5), scores('failed')] } };
    const side = compareMade(made).metrics[0]!.sides[0]!;
    expect(side).toMatchObject({ pairs: 30, losses: 1, ties: 29, effect: { diff: expect.closeTo(-0.5 / 30, 12) } });
    expect(side.failed.variant).toEqual({ cells: 1, reasons: [{ reason: 'output_invalid', cells: 1 }] });
    expect(side.failed.baseline.cells).toBe(0);
    expect(side.sentences).toContain('1 score of runs that failed count as the worst.');
  });
  test('missing', () => {
    const made = { metrics: [quality], scores: { quality: [scores(0.5), scores('missing')] } };
    const side = compareMade(made).metrics[0]!.sides[0]!;
    expect(side).toMatchObject({ pairs: 29, ties: 29, losses: 0, effect: { diff: 0 } });
    expect(side.missing).toMatchObject({ cells: 1, share: 1 / 30, p: 1, blocksVerdict: false });
    expect(side.missing.variant).toEqual({ cells: 1, reasons: [{ reason: 'rate_limited', cells: 1 }] });
    expect(side.missing.bounds!.lo).toBeCloseTo(-0.5 / 30, 12);
    expect(side.missing.bounds!.hi).toBeCloseTo(0.5 / 30, 12);
  });
  test('what a run was is what it was, of a failed one, too; of one that could not be made nothing is known', () => {
    const latency = scored('latency', { source: { from: 'run', field: 'latencyMs' }, better: 'lower', format: 'ms' });
    const made = madeSheet({
      metrics: [latency],
      scores: { latency: [times(10, 1), times(10, 1)] },
      run: (place, variant) => ({ latencyMs: 100 + variant * (10 + place), failed: place === 0 }),
    });
    const { metrics } = compareEvaluations({ matrices: [made], sides: sidesOf(made), comparisons: 1 });
    expect(metrics[0]!.sides[0]).toMatchObject({ pairs: 10, verdict: 'worse', failed: { variant: { cells: 0 } } });
    expect(metrics[0]!.sides[0]!.missing.bounds).toBeNull();
  });
});

describe('repeats', () => {
  test('are averaged first, and their spread is told', () => {
    const control = Array.from({ length: 8 }, (_, place) => [place, place + 2, place + 1].map((value) => value / 20));
    const treatment = control.map((list) => list.map((value) => value + 0.1));
    const made = { metrics: [quality], scores: { quality: [control, treatment] }, change: { repeats: 3 } };
    const side = compareMade({ ...made, change: { ...made.change, dataset: datasetOf(8) } }).metrics[0]!.sides[0]!;
    expect(side).toMatchObject({ pairs: 8, wins: 8, verdict: null, why: { code: 'no_variation' } });
    expect(side.repeats!.baseline.within).toBeCloseTo(1 / 400, 12);
    expect(side.repeats!.baseline.between).toBeCloseTo(6 / 400 - 1 / 1200, 12);
  });
  test('of a rate are no longer yes and no', () => {
    const passed = scored('passed', { kind: 'rate' });
    const lists = (shift: number) =>
      Array.from({ length: 12 }, (_, place) => [0, 1, 2].map((repeat) => Number((place + repeat) % 3 < 1 + shift)));
    const made = { metrics: [passed], scores: { passed: [lists(0), lists(1)] } };
    const side = compareMade({ ...made, change: { repeats: 3, dataset: datasetOf(12) } }).metrics[0]!.sides[0]!;
    expect(side.method).toBe('paired_t');
    expect(side.effect.diff).toBeCloseTo(1 / 3, 12);
  });
  test('one that is missing leaves the others', () => {
    const lists = Array.from({ length: 20 }, (_, place): Given[] => [0.2, 0.4, place === 0 ? 'missing' : 0.6]);
    const made = { metrics: [quality], scores: { quality: [lists, lists] } };
    const side = compareMade({ ...made, change: { repeats: 3, dataset: datasetOf(20) } }).metrics[0]!.sides[0]!;
    expect(side).toMatchObject({ pairs: 20, missing: { cells: 1, share: 1 / 60 } });
    expect(side.baseline.mean).toBeCloseTo((19 * 0.4 + 0.3) / 20, 12);
  });
});

const datasetOf = (examples: number) =>
  ({ name: 'questions', version: 'd'.repeat(64), split: 'dev', tag: null, examples }) as const;

describe('examples needed', () => {
  const clustered = (clusters: number, size: number, shift: number, spread: number, minimumEffect: number | null) => {
    const control = Array.from({ length: clusters * size }, (_, place) => 0.5 + 0.1 * Math.sin(place));
    const treatment = control.map((value, place) => {
      const cluster = Math.floor(place / size);
      return value + shift + spread * Math.sin(3 + 7 * cluster) + 0.01 * Math.cos(5 * place);
    });
    const examples = (place: number) => ({ cluster: `c${Math.floor(place / size)}` });
    const metrics = [scored('quality', { minimumEffect })];
    return compareMade({ metrics, scores: { quality: [control, treatment] }, examples }).metrics[0]!.sides[0]!;
  };

  test('are given in clusters and examples, with the design effect', () => {
    const { nNeeded, neededFor } = clustered(8, 10, 0.03, 0.2, 0.05);
    expect(neededFor).toMatchObject({ effect: 0.05, isDeclared: true });
    expect(nNeeded).toBe(10 * neededFor!.clusters!);
    // Ten examples of a cluster differ by so little that they count for hardly more than one.
    expect(neededFor!.designEffect).toBeGreaterThan(9);
    expect(neededFor!.designEffect).toBeLessThan(12);
  });

  test('are given where there are too few clusters for a verdict', () => {
    const side = clustered(4, 10, 0.03, 0.2, 0.05);
    expect(side).toMatchObject({ verdict: null, why: { code: 'too_few_units' }, neededFor: { effect: 0.05 } });
    expect(side.neededFor!.clusters).toBeGreaterThan(6);
    expect(side.sentences[0]).toContain('would be needed to see a difference of 0.05 (design effect');
  });

  test('are for the difference seen where those at hand would show the declared one', () => {
    const side = clustered(20, 10, 0.035, 0.1, 0.06);
    expect(side).toMatchObject({ verdict: 'inconclusive', neededFor: { isDeclared: false } });
    expect(side.neededFor!.effect).toBeCloseTo(Math.abs(side.effect.diff!), 12);
    expect(side.nNeeded).toBeGreaterThan(200);
    expect(side.sentences[0]).toContain(', the one seen here (design effect');
  });
});
