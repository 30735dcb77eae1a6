/** How often a comparison claims what is not so, over many evaluations of variants that do not differ, or just harm. */
import { expect, test } from 'vitest';
import { randomFrom } from '../../../src/stats/random.ts';
import { compareMade, scored } from './made.ts';

const RUNS = 200;
const EXAMPLES = 30;
/** What a share of 5 % is below in 99 of 100 sets of so many evaluations. */
const LIMIT = 0.05 + 2.33 * Math.sqrt((0.05 * 0.95) / RUNS);

test('false claims are as rare as promised, over all sides and primaries, and for guardrails at their margin', () => {
  const random = randomFrom(7);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const counts = { claimed: 0, unadjusted: 0, proven: 0, harmed: 0 };
  for (let run = 0; run < RUNS; run += 1) {
    const baseline = Array.from({ length: EXAMPLES }, normal);
    const differing = (by: number) => baseline.map((score) => score + by + normal());
    const { metrics } = compareMade({
      metrics: [scored('a'), scored('b'), scored('guard', { role: 'guardrail', margin: 0.4 })],
      scores: {
        a: [baseline, differing(0), differing(0)],
        b: [baseline, differing(0), differing(0)],
        // Harmed by exactly what is allowed: neither proof nor alarm would be right.
        guard: [baseline, differing(-0.4), differing(-0.4)],
      },
    });
    const primaries = metrics.slice(0, 2).flatMap(({ sides }) => sides);
    const guardrails = metrics[2]!.sides.map(({ guardrail }) => guardrail!.status);
    counts.claimed += Number(primaries.some(({ verdict }) => verdict === 'better' || verdict === 'worse'));
    counts.unadjusted += Number(primaries.some(({ p }) => p! < 0.05));
    counts.proven += Number(guardrails[0] === 'proven');
    counts.harmed += Number(guardrails.includes('harmed'));
  }
  expect(counts.claimed / RUNS).toBeLessThan(LIMIT);
  expect(counts.proven / RUNS).toBeLessThan(LIMIT);
  expect(counts.harmed / RUNS).toBeLessThan(LIMIT);
  // So that this test can fail: the same p-values, each taken for itself.
  expect(counts.unadjusted / RUNS).toBeGreaterThan(0.1);
});
