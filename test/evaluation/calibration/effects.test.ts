/** Effects as labels correct them: how often their intervals hold the truth, and what they make of the plainest cases. */
import { describe, expect, it } from 'vitest';
import {
  correctedMean,
  correctedRates,
  type JudgedPair,
  MIN_LABELLED_PAIRS,
} from '../../../src/evaluation/calibration/correct-metric.ts';
import { randomFrom } from '../../../src/stats/random.ts';
import { pairedT } from '../../../src/stats/t-test.ts';
import {
  ALPHA,
  BIASED,
  type Coverage,
  coverageOf,
  DESIGNS,
  drawPairs,
  naive,
  ppi,
  rogan,
  roganPooled,
} from './designs.ts';

const RUNS = 1_000;

describe('a judge that gives one side 15 points more', () => {
  it('makes the naive interval miss the truth, and not the corrected one', () => {
    expect(coverageOf(BIASED, naive, RUNS, 1).share).toBeLessThan(0.6);
    expect(coverageOf(BIASED, ppi, RUNS, 1).share).toBeGreaterThanOrEqual(0.94);
  });

  it('is corrected where there is an effect, where half of the answers are the same, and in clusters', () => {
    const shares = DESIGNS.map(([name, design]) => [name, coverageOf(design, ppi, RUNS / 2, 2).share] as const);
    // Of 500 runs at 95 %: 2.33 standard errors below.
    for (const [name, share] of shares) expect(share, name).toBeGreaterThan(0.927);
  });
});

describe('labels on both sides', () => {
  const pairs = drawPairs(BIASED, randomFrom(3));

  it('say all where everything has some: the judge has no part in it', () => {
    const all = drawPairs({ ...BIASED, labelled: BIASED.examples }, randomFrom(3));
    const labels = pairedT(
      all.map(({ baseline }) => baseline.label!),
      all.map(({ variant }) => variant.label!),
      ALPHA,
    );
    const corrected = correctedMean(all, 1, ALPHA)!;
    expect(corrected.effect).toBeCloseTo(labels.diff!, 12);
    expect(corrected.hi - corrected.lo).toBeCloseTo(labels.ciHi! - labels.ciLo!, 2);
    expect(corrected.labels).toBe(BIASED.examples);
  });

  it('are too few below 30, and so are few clusters of many', () => {
    const withLabels = (count: number): readonly JudgedPair[] =>
      pairs.map((pair, place) => ({ ...pair, variant: { ...pair.variant, label: place < count ? 1 : null } }));
    expect(correctedMean(withLabels(MIN_LABELLED_PAIRS - 1), 1, ALPHA)).toBeNull();
    expect(correctedMean(withLabels(MIN_LABELLED_PAIRS), 1, ALPHA)).toMatchObject({ labels: 30, method: 'ppi_mean' });
    const clustered = pairs.map((pair, place) => ({ ...pair, cluster: place % 29 }));
    expect(correctedMean(clustered, 1, ALPHA)).toBeNull();
  });

  it('that never differ from the judge leave room for what was not seen', () => {
    const agreed = pairs.map((pair, place): JudgedPair => {
      const known = (score: number) => ({ score, label: place < 40 ? score : null, isKnown: false });
      return { ...pair, baseline: known(0), variant: known(0) };
    });
    const corrected = correctedMean(agreed, 1, ALPHA)!;
    expect(corrected.effect).toBe(0);
    expect(corrected.hi).toBeGreaterThan(0.04);
    expect(corrected.lo).toBeCloseTo(-corrected.hi, 12);
  });

  it('count for nothing where both sides gave the same answer, whose difference is known', () => {
    const half = pairs.map((pair, place) => (place % 2 === 0 ? pair : { ...pair, isSame: true }));
    const [whole, without] = [
      correctedMean(half, 1, ALPHA)!,
      correctedMean(
        half.filter(({ isSame }) => !isSame),
        1,
        ALPHA,
      )!,
    ];
    expect(whole.effect).toBeCloseTo(without.effect / 2, 12);
    expect(whole.labels).toBe(without.labels);
    expect(whole.hi - whole.lo).toBeLessThan((without.hi - without.lo) * 0.52);
  });
});

describe('error rates alone', () => {
  it('hold the truth by either side’s own, and by pooled ones of a fair judge', () => {
    const fair = { ...BIASED, variant: BIASED.baseline, effect: 0.08 };
    const shares = (...covered: readonly Coverage[]) => covered.map(({ share }) => share);
    for (const share of shares(
      coverageOf({ ...BIASED, effect: 0.05 }, rogan, RUNS / 2, 4),
      coverageOf(fair, roganPooled, RUNS / 2, 5),
    ))
      expect(share).toBeGreaterThan(0.927);
    expect(coverageOf(BIASED, roganPooled, RUNS / 2, 6).share).toBeLessThan(0.6);
  });

  it('are of no use for grades, of a judge by chance, and where nothing varies', () => {
    const pairs = drawPairs(BIASED, randomFrom(3));
    const counts = { tp: 40, fn: 10, tn: 40, fp: 10 };
    const by = (table: typeof counts, of = pairs) =>
      correctedRates(of, { baseline: table, variant: table, isPooled: true }, ALPHA);
    expect(by(counts)).toMatchObject({ method: 'rogan_gladen_pooled', labels: 100 });
    expect(by({ tp: 25, fn: 25, tn: 25, fp: 25 })).toBeNull();
    expect(by(counts, [...pairs, { ...pairs[0]!, variant: { score: 0.5, label: null, isKnown: false } }])).toBeNull();
    expect(
      by(
        counts,
        pairs.map((pair) => ({ ...pair, isSame: true })),
      ),
    ).toBeNull();
  });

  it('leave failed runs as they are: nobody has judged those', () => {
    const perfect = { tp: 50, fn: 0, tn: 25, fp: 25 };
    const side = (score: number, isKnown: boolean) => ({ score, label: null, isKnown });
    // Of 100 the variant passes 60 by a judge that passes half of what is bad, and 20 never came to be judged.
    const pairs = Array.from({ length: 100 }, (_, cluster) => ({
      baseline: side(0, true),
      variant: side(Number(cluster < 60), cluster >= 80),
      isSame: false,
      cluster,
    }));
    const corrected = correctedRates(pairs, { baseline: perfect, variant: perfect, isPooled: false }, ALPHA)!;
    expect(corrected.effect).toBeCloseTo((60 - 20) / 100, 12);
  });
});
