/** The experiments that are simulated: six A/A designs with the engine's settings, and habits that fail them. */
import { standardNormalQuantile } from '../../src/stats/distributions.ts';
import { DEFAULT_LOOK_SETTINGS, type LookSettings } from '../../src/stats/look.ts';
import { welchFromSummaries } from '../../src/stats/means.ts';
import { summaryOf } from '../../src/stats/moments.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import { type Analyst, type Design, engine, firstClaim, pooled } from './simulate.ts';

export const ALPHA = 0.05;
export const UNITS = 20_000;
export const PLAN: LookSettings = { ...DEFAULT_LOOK_SETTINGS, nStar: UNITS };

export const coin = (random: Random, probability: number): number => (random.uniform() < probability ? 1 : 0);

export const rate = (probability: number, share: number): Design => ({
  kind: 'rate',
  share: () => share,
  value: (random) => coin(random, probability),
});

/** Cost per user, capped at the 99.5th percentile of earlier traffic. */
const costs: Design = {
  kind: 'sum',
  share: () => 0.1,
  value: (random) => {
    const normal = standardNormalQuantile(Math.max(random.uniform(), Number.MIN_VALUE));
    return Math.exp(2 * Math.min(normal, 2.5758));
  },
};

/** A sticky user: a propensity of their own, and up to twelve requests that share it. The unit value is their mean. */
const users: Design = {
  kind: 'mean',
  share: () => 0.5,
  value: (random) => {
    const propensity = random.uniform() < 0.5 ? 0.1 : 0.9;
    const requests = 1 + random.index(12);
    let good = 0;
    for (let request = 0; request < requests; request += 1) good += coin(random, propensity);
    return good / requests;
  },
};

/** The split moves from 5 to 20 to 50 % while the base rate drifts from 30 to 50 %. */
export const ramp: Design = {
  kind: 'rate',
  share: (position) => (position < 1 / 3 ? 0.05 : position < 2 / 3 ? 0.2 : 0.5),
  value: (random, _arm, position) => coin(random, 0.3 + 0.2 * position),
  stageStarts: [0, 1 / 3, 2 / 3],
  vRef: 0.96,
};

/** Every A/A design with the settings that its plan would have. */
export const AA_DESIGNS: readonly (readonly [name: string, design: Design, settings: LookSettings])[] = [
  ['a rate of 50 %, split 50/50', rate(0.5, 0.5), PLAN],
  ['a rate of 5 %, split 10/90', rate(0.05, 0.1), PLAN],
  ['a rate of 1 %, split 2/98', rate(0.01, 0.02), PLAN],
  ['log-normal cost, split 10/90', costs, PLAN],
  ['users with many requests', users, PLAN],
  ['a ramp of 5-20-50 % under drift', ramp, { ...PLAN, method: 'stage_cs' }],
];

/** A t-test at every look, at the level of a single one. */
export const naive: Analyst = (seen) => {
  const test = welchFromSummaries(summaryOf(pooled(seen, 0)), summaryOf(pooled(seen, 1)), ALPHA);
  return test.status === 'ok' && test.p < ALPHA;
};

/** Stages with different splits, thrown together. */
export const pooling: Analyst = (seen) => engine(ramp, PLAN)([[pooled(seen, 0), pooled(seen, 1)]]);

/** Two points more on a rate of 50 %, which a fixed horizon sees with 80 % power after so many units. */
export const FIXED_HORIZON = 19_623;
const LONGEST = 38_400;
const twoPoints: Design = { ...rate(0.5, 0.5), value: (random, arm) => coin(random, 0.5 + 0.02 * arm) };
const twoPointsAnalyst: Analyst = engine(twoPoints, { ...PLAN, nStar: FIXED_HORIZON });

/** Share of runs that end with a claim, and the mean units until they end. */
export function powerOf(runs: number): { readonly power: number; readonly meanUnits: number } {
  const stops = Array.from({ length: runs }, (_, run) =>
    firstClaim(twoPoints, twoPointsAnalyst, LONGEST, randomFrom(run * 104_729)),
  );
  return {
    power: stops.filter((stop) => stop !== null).length / runs,
    meanUnits: stops.reduce<number>((sum, stop) => sum + (stop ?? LONGEST), 0) / runs,
  };
}
