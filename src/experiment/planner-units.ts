/** How many units a question takes. An experiment's intervals are of pairs: the baseline and one variant. */

import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { asympCsOneSided, DEFAULT_N_STAR } from '../stats/asymp-cs.ts';
import { standardNormalQuantile } from '../stats/distributions.ts';
import { sequentialSampleSize } from '../stats/sample-size.ts';

/** Searches end here: more units than anybody has. */
const MOST_UNITS = 1e12;

/** Of the pair of the baseline and its lightest variant, the variant's part. Variants of weight 0 are in no pair. */
export function lightestShare(spec: ExperimentSpec): number {
  const [baseline, variant] = lightest(spec);
  return variant / (baseline + variant);
}

function lightest({ arms }: ExperimentSpec): readonly [number, number] {
  const weights = arms.slice(1).map(({ weight }) => weight);
  const served = weights.filter((weight) => weight > 0);
  return [arms[0]?.weight ?? 0, served.length === 0 ? 0 : Math.min(...served)];
}

export interface PairPlan {
  /** Units in all arms together for one of the pair. */
  readonly perPair: number;
  readonly unitsFor: (delta: number, v: number) => { readonly pair: number; readonly total: number };
  /** n* of a plan: what is needed, but no more than what comes. */
  readonly tuned: (needed: number | null, most: number | null) => number;
}

export function pairPlan(spec: ExperimentSpec): PairPlan {
  const [baseline, variant] = lightest(spec);
  const perPair = 1 / (baseline + variant);
  const { alpha, power, minUnits } = spec.stop;
  return {
    perPair,
    unitsFor: (delta, v) => {
      const { nTotal } = sequentialSampleSize({ delta, v, alpha: alpha / variantsOf(spec), power });
      const pair = nTotal ?? MOST_UNITS;
      return { pair, total: Math.ceil(pair * perPair) };
    },
    tuned: (needed, most) => {
      const wanted = Math.min(needed ?? Number.POSITIVE_INFINITY, most ?? Number.POSITIVE_INFINITY);
      return Number.isFinite(wanted) ? Math.max(2 * minUnits, Math.round(wanted / perPair), 1) : DEFAULT_N_STAR;
    },
  };
}

const variantsOf = ({ arms }: ExperimentSpec): number => Math.max(1, arms.length - 1);

/** The effect on a metric that so many units of a pair show with the power asked; null without units. */
export function minimumDelta(spec: ExperimentSpec, v: number, pair: number): number | null {
  const { alpha, power } = spec.stop;
  const { multiplier } = sequentialSampleSize({ delta: 1, v, alpha: alpha / variantsOf(spec), power });
  if (!(pair > 0) || multiplier === null) return null;
  return (multiplier + standardNormalQuantile(power)) * Math.sqrt(v / pair);
}

interface Proof {
  /** n SE^2 of one unit. */
  readonly v: number;
  readonly nStar: number;
}

/**
 * The smallest margin that so many units of a pair prove if there is no harm, with the power of one of G guardrails that have
 * to be proven together: 1 - (1 - power)/G.
 */
export function provableMargin(spec: ExperimentSpec, { v, nStar, units }: Proof & { readonly units: number }): number {
  const guardrails = spec.metrics.filter(({ role }) => role === 'guardrail').length;
  const power = 1 - (1 - spec.stop.power) / Math.max(1, guardrails);
  const n = Math.max(1, Math.round(units));
  const se = Math.sqrt(v / n);
  const { bound } = asympCsOneSided({ diff: 0, se, n }, { alpha: spec.stop.alphaPromotion, nStar }, 'upper');
  return bound === null ? Number.POSITIVE_INFINITY : bound + standardNormalQuantile(power) * se;
}

/** Units of a pair that prove a margin. */
export function unitsToProve(spec: ExperimentSpec, { v, nStar, margin }: Proof & { readonly margin: number }): number {
  const proves = (units: number): boolean => provableMargin(spec, { v, nStar, units }) <= margin;
  let [few, many] = [1, 2];
  while (!proves(many) && many < MOST_UNITS) [few, many] = [many, many * 2];
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2);
    if (proves(middle)) many = middle;
    else few = middle;
  }
  return many;
}
