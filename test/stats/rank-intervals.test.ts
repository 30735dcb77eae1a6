/** Rank intervals: what paired tests prove, and how often they leave out a true rank. */
import { describe, expect, it } from 'vitest';
import { compareScores } from '../../src/stats/compare-scores.ts';
import { standardNormalQuantile } from '../../src/stats/distributions.ts';
import { randomFrom } from '../../src/stats/random.ts';
import { rankIntervals } from '../../src/stats/rank-intervals.ts';
import { mcnemarExact } from '../../src/stats/rates.ts';

const settings = { better: 'higher', alpha: 0.05 } as const;

/** Scores that all go along with one another: what differs between plans is small beside what differs between examples. */
function correlated(means: readonly number[], examples: number, seed: number): readonly Float64Array[] {
  const random = randomFrom(seed);
  const normal = () => standardNormalQuantile(random.uniform() || 0.5);
  const shared = Array.from({ length: examples }, normal);
  return means.map((mean) => Float64Array.from(shared, (value) => value + mean + 0.05 * normal()));
}

describe('rankIntervals', () => {
  it('proves one of 48 the best that wins all 47 paired tests, where intervals of means overlap', () => {
    const scores = correlated([0.1, ...new Array<number>(47).fill(0)], 200, 1);
    const ranks = rankIntervals(scores, null, settings);
    expect(ranks[0]).toEqual({ from: 1, to: 1 });
    for (const { from } of ranks.slice(1)) expect(from).toBeGreaterThan(1);
    for (const other of scores.slice(1))
      expect(compareScores([...other], [...scores[0]!], { ...settings, mde: null }).verdict).toBe('better');
  });

  it('turns where less is better', () => {
    const scores = correlated([0.2, 0], 100, 2);
    expect(rankIntervals(scores, null, { ...settings, better: 'lower' })).toEqual([
      { from: 2, to: 2 },
      { from: 1, to: 1 },
    ]);
  });

  it('leaves a true rank out in at most 5 % of leaderboards of equals', () => {
    const runs = 400;
    let wrong = 0;
    for (let run = 0; run < runs; run += 1) {
      const ranks = rankIntervals(correlated(new Array<number>(8).fill(0), 40, 100 + run), null, settings);
      wrong += Number(ranks.some(({ from, to }) => from > 1 || to < 8));
    }
    expect(wrong / runs).toBeLessThanOrEqual(0.05 + 2.33 * Math.sqrt((0.05 * 0.95) / runs));
  });

  it('asks the exact sign test of binary scores, as a comparison of two plans does', () => {
    const passed = (failures: number, examples = 500) =>
      Float64Array.from({ length: examples }, (_, at) => Number(at >= failures));
    const both = { from: 1, to: 2 };
    expect(mcnemarExact({ n11: 496, n10: 0, n01: 4, n00: 0 }, 0.05).pExact).toBe(0.125);
    expect(rankIntervals([passed(0), passed(4)], null, settings)).toEqual([both, both]);
    expect(rankIntervals([passed(0), passed(5)], null, settings)).toEqual([both, both]);
    expect(rankIntervals([passed(6), passed(0)], null, settings)).toEqual([
      { from: 2, to: 2 },
      { from: 1, to: 1 },
    ]);
  });

  it('counts clusters, not examples', () => {
    const scores = correlated([0.2, 0], 5, 3).map((each) =>
      Float64Array.from({ length: 500 }, (_, at) => each[at % 5]!),
    );
    const cluster = Array.from({ length: 500 }, (_, at) => at % 5);
    expect(rankIntervals(scores, null, settings)[0]!.to).toBe(1);
    expect(rankIntervals(scores, cluster, settings)[0]).toEqual({ from: 1, to: 2 });
  });

  it('proves nothing of too few, of equals, or of what is missing', () => {
    const both = { from: 1, to: 2 };
    const hole = Float64Array.from({ length: 9 }, () => Number.NaN);
    for (const other of [new Float64Array(9), hole])
      expect(rankIntervals([new Float64Array(9), other], null, settings)).toEqual([both, both]);
    expect(rankIntervals(correlated([5, 0], 5, 4), null, settings)).toEqual([both, both]);
    const always = [new Float64Array(9).fill(1), new Float64Array(9)];
    expect(rankIntervals(always, null, settings)[0]).toEqual({ from: 1, to: 1 });
  });
});
