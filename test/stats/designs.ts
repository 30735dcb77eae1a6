/** The experiments that are simulated: six A/A designs with the engine's settings, and habits that fail them. */

import { DEFAULT_N_STAR, ROLLBACK_N_STAR } from '../../src/stats/asymp-cs.ts';
import type { AnalysisSettings } from '../../src/stats/interim-analysis.ts';
import { summaryOf } from '../../src/stats/moments.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import { welchFromSummaries } from '../../src/stats/t-test.ts';
import { type Analyst, type Design, engine, firstClaim, pooled } from './simulate.ts';

export const ALPHA = 0.05;
export const UNITS = 20_000;
/** The settings of an experiment without a plan. */
export const LOOK_SETTINGS: AnalysisSettings = {
  method: 'asymp_cs',
  alpha: 0.05,
  alphaRollback: 0.05,
  alphaPromotion: 0.05,
  nStar: DEFAULT_N_STAR,
  nStarRollback: ROLLBACK_N_STAR,
  nullVariance: true,
};

export const PLAN: AnalysisSettings = { ...LOOK_SETTINGS, nStar: UNITS };

export const coin = (random: Random, probability: number): number => (random.uniform() < probability ? 1 : 0);

/** `effect` is what arm 1 adds. */
export const rate = (probability: number, share: number, effect = 0): Design => ({
  kind: 'rate',
  share: () => share,
  value: (random, arm) => coin(random, probability + effect * arm),
  rates: [probability, probability + effect],
  vRef: (probability * (1 - probability)) / (share * (1 - share)),
});

/** Cost per user, capped at the 99.5th percentile of earlier traffic. */
const costs = (factor = 1): Design => ({
  kind: 'sum',
  share: () => 0.1,
  value: (random, arm) => {
    // A standard normal value (Box and Muller 1958).
    const normal = Math.sqrt(-2 * Math.log1p(-random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
    return Math.exp(2 * Math.min(normal, 2.5758)) * (arm === 1 ? factor : 1);
  },
});

/** A sticky user: a propensity of their own, and up to twelve requests that share it. The unit value is their mean. */
const users = (effect = 0): Design => ({
  kind: 'mean',
  share: () => 0.5,
  value: (random, arm) => {
    const propensity = random.uniform() < 0.5 + effect * arm ? 0.9 : 0.1;
    const requests = 1 + random.index(12);
    let good = 0;
    for (let request = 0; request < requests; request += 1) good += coin(random, propensity);
    return good / requests;
  },
});

/** The split moves from 5 to 20 to 50 % while the base rate drifts from 30 to 50 %. */
const rampOf = (effect = 0): Design => ({
  kind: 'rate',
  share: (position) => (position < 1 / 3 ? 0.05 : position < 2 / 3 ? 0.2 : 0.5),
  value: (random, arm, position) => coin(random, 0.3 + 0.2 * position + effect * arm),
  stageStarts: [0, 1 / 3, 2 / 3],
  vRef: 0.96,
});
export const ramp = rampOf();

/** The engine as it decided before rare events were counted: method version 1. */
export const today = (settings: AnalysisSettings): AnalysisSettings => ({ ...settings, nullVariance: false });

const STAGED: AnalysisSettings = { ...PLAN, method: 'stage_cs' };

export interface PrimaryDesign {
  readonly name: string;
  readonly none: Design;
  /** The same with an effect that is to be found. */
  readonly effect: Design;
  readonly settings: AnalysisSettings;
}

/** Every A/A design with the settings that its plan would have. */
export const PRIMARY_DESIGNS: readonly PrimaryDesign[] = [
  { name: 'a rate of 50 %, split 50/50', none: rate(0.5, 0.5), effect: rate(0.5, 0.5, 0.02), settings: PLAN },
  { name: 'a rate of 5 %, split 10/90', none: rate(0.05, 0.1), effect: rate(0.05, 0.1, 0.02), settings: PLAN },
  { name: 'a rate of 1 %, split 2/98', none: rate(0.01, 0.02), effect: rate(0.01, 0.02, 0.03), settings: PLAN },
  { name: 'log-normal cost, split 10/90', none: costs(), effect: costs(1.4), settings: PLAN },
  { name: 'users with many requests', none: users(), effect: users(0.02), settings: PLAN },
  { name: 'a ramp of 5-20-50 % under drift', none: ramp, effect: rampOf(0.03), settings: STAGED },
  { name: 'a rate of 0.2 %, split 10/90', none: rate(0.002, 0.1), effect: rate(0.002, 0.1, 0.008), settings: PLAN },
  { name: 'a rate of 0.2 %, split 2/98', none: rate(0.002, 0.02), effect: rate(0.002, 0.02, 0.03), settings: PLAN },
  { name: 'the same in stages', none: rate(0.002, 0.02), effect: rate(0.002, 0.02, 0.03), settings: STAGED },
];

export const MARGIN = 0.01;

export interface GuardrailDesign {
  readonly name: string;
  /** Harm exactly at the margin: neither proven within it nor beyond it. */
  readonly atMargin: Design;
  readonly harmless: Design;
  readonly harmful: Design;
  readonly settings: AnalysisSettings;
}

const rareFailures = (method: AnalysisSettings['method'], base: number, share: number): GuardrailDesign => ({
  name: `${method}, failures of ${Number((100 * base).toFixed(1))} %, split ${Math.round(100 * share)}/${Math.round(100 * (1 - share))}`,
  atMargin: rate(base, share, MARGIN),
  harmless: rate(base, share),
  harmful: rate(base, share, 4 * MARGIN),
  settings: method === 'stage_cs' ? STAGED : PLAN,
});

/** A guardrail of one point on failures, the variant's share first. */
export const GUARDRAIL_DESIGNS: readonly GuardrailDesign[] = (['asymp_cs', 'stage_cs'] as const).flatMap((method) =>
  [0.002, 0.01, 0.05].flatMap((base) => [0.1, 0.9].map((share) => rareFailures(method, base, share))),
);

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
const twoPoints = rate(0.5, 0.5, 0.02);
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
