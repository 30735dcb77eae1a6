/** How many examples show an effect: by hand, and by simulation of clusters. */
import { describe, expect, it } from 'vitest';
import { compareScores } from '../../src/stats/compare-scores.ts';
import { standardNormalQuantile, twoSidedZ } from '../../src/stats/distributions.ts';
import { randomFrom } from '../../src/stats/random.ts';
import { examplesNeeded } from '../../src/stats/sample-size.ts';
import { clusterPaired } from '../../src/stats/t-test.ts';

const Z = twoSidedZ(0.05) + standardNormalQuantile(0.8);
const seen = { se: 0.02, pairs: 100, units: 100, effect: 0.05, alpha: 0.05, designEffect: null };

describe('examplesNeeded', () => {
  it('is the formula of a paired comparison where examples are independent', () => {
    expect(examplesNeeded(seen)).toEqual({
      examples: Math.ceil(100 * ((Z * 0.02) / 0.05) ** 2),
      effect: 0.05,
      clusters: null,
      designEffect: null,
    });
  });

  it('counts in clusters of the size seen, with two more for the t distribution of few clusters', () => {
    const clusters = Math.ceil(20 * ((Z * 0.02) / 0.05) ** 2 + twoSidedZ(0.05) ** 2 / 2);
    expect(examplesNeeded({ ...seen, units: 20, designEffect: 3 })).toEqual({
      ...{ examples: 5 * clusters, clusters, effect: 0.05, designEffect: 3 },
    });
  });

  it('never says fewer clusters than a verdict takes', () => {
    expect(examplesNeeded({ ...seen, se: 0.0001, units: 4, designEffect: 3 })).toMatchObject({
      clusters: 6,
      examples: 150,
    });
  });

  it('takes the size of an effect, not its sign; none where nothing varies or the effect is 0', () => {
    expect(examplesNeeded({ ...seen, effect: -0.05 })).toEqual(examplesNeeded(seen));
    for (const change of [{ se: 0 }, { se: null }, { effect: 0 }, { effect: null }, { effect: 1e-12 }])
      expect(examplesNeeded({ ...seen, ...change })).toBeNull();
  });

  it('has the power it promises: 80 % of comparisons with as many clusters see the effect', () => {
    const [size, effect, between, within] = [5, 0.5, 0.8, 0.6];
    // The true standard error of a mean over 20 clusters of five.
    const se = Math.sqrt((between ** 2 + within ** 2 / size) / 20);
    const { clusters } = examplesNeeded({ ...seen, se, pairs: 100, units: 20, effect, designEffect: 3 })!;
    const random = randomFrom(7);
    const normal = () => standardNormalQuantile(random.uniform());
    const runs = 2_000;
    let found = 0;
    for (let run = 0; run < runs; run += 1) {
      const names = Array.from({ length: clusters! * size }, (_, place) => Math.floor(place / size));
      const centres = Array.from({ length: clusters! }, () => effect + between * normal());
      const test = clusterPaired(
        names.map((name) => centres[name]! + within * normal()),
        names,
        0.05,
      );
      found += Number(test.p! < 0.05 && test.diff! > 0);
    }
    // Three standard errors of 2,000 runs below it; clusters are rounded up.
    expect(found / runs).toBeGreaterThan(0.8 - 0.027);
    expect(found / runs).toBeLessThan(0.87);
  });

  it('is what a comparison of clustered scores answers', () => {
    const cluster = Array.from({ length: 60 }, (_, place) => Math.floor(place / 5));
    const control = cluster.map((_, place) => Math.sin(place));
    const treatment = control.map((value, place) => value + 0.2 * Math.sin(3 * cluster[place]!));
    const compared = compareScores(control, treatment, { alpha: 0.05, better: 'higher', mde: 0.05, cluster });
    const { se, nNeeded } = compared;
    expect(nNeeded).toBe(
      examplesNeeded({ se, pairs: 60, units: 12, effect: 0.05, alpha: 0.05, designEffect: 5 })!.examples,
    );
  });
});
