/**
 * When the split itself changes often (a bandit, a hand on the dial), each unit is weighted by the logged probability
 * of its arm, with predictions from earlier units only. That keeps the estimate unbiased whatever the rule was.
 */
import { isPositive, isProbability } from './checks.ts';
import { momentsOf, sampleVariance } from './moments.ts';
import { NOT_FINITE, nothing, problem, type Result } from './result.ts';
import { clockOf, NOT_SETTINGS, sequenceAt } from './sequential.ts';
import type { StageSettings } from './stages.ts';

/** One matured unit, in order of maturing. */
export interface AssignedUnit {
  readonly arm: number;
  readonly value: number;
  /** The logged P(arm 1) at assignment; never re-derived. */
  readonly probability: number;
}

export interface AipwSettings extends StageSettings {
  /** What is believed of an arm's mean before its first unit. */
  readonly priorMean: number;
}

export interface AipwSequence {
  readonly estimate: number;
  readonly se: number;
  readonly rho: number;
  readonly halfWidth: number;
  readonly ciLo: number;
  readonly ciHi: number;
  readonly logE: number;
  readonly p: number;
}

/** Below this a single unit would carry too much weight. */
export const PROBABILITY_FLOOR = 0.05;

/**
 * Always-valid interval from inverse-probability-weighted, prediction-augmented scores (Robins, Rotnitzky and Zhao
 * 1994): Z = m1 - m0 + A(Y - m1)/pi - (1 - A)(Y - m0)/(1 - pi), with m_a = (prior mean + sum of that arm's earlier
 * values)/(1 + their count); clock x = n v/v_ref * rho^2. Contract kind `aipw_cs`.
 *
 * Errors: `insufficient_data` below two units in an arm; `no_variation` when all scores are equal.
 */
export function aipwCs(units: readonly AssignedUnit[], settings: AipwSettings): Result<AipwSequence> {
  const none = nothing('estimate', 'se', 'rho', 'halfWidth', 'ciLo', 'ciHi', 'logE', 'p');
  const { alpha, nStar, vRef, priorMean } = settings;
  if (!isProbability(alpha) || !isPositive(nStar) || !isPositive(vRef)) {
    return problem('invalid_input', NOT_SETTINGS, none);
  }
  if (!Number.isFinite(priorMean) || !units.every(({ value }) => Number.isFinite(value))) {
    return problem('invalid_input', NOT_FINITE, none);
  }
  if (!units.every(({ arm, probability }) => (arm === 0 || arm === 1) && isProbability(probability))) {
    return problem('invalid_input', 'arms must be 0 or 1, and their probability strictly between 0 and 1', none);
  }
  const treated = units.filter(({ arm }) => arm === 1).length;
  if (treated < 2 || units.length - treated < 2) {
    return problem('insufficient_data', 'each arm needs at least two units', none);
  }
  const moments = momentsOf(scoresOf(units, priorMean));
  const variance = sampleVariance(moments);
  const estimate = { diff: moments.mean, se: Math.sqrt(variance / moments.n), n: moments.n };
  const clock = clockOf(alpha, nStar, (moments.n * variance) / vRef);
  const { diff, ...sequence } = sequenceAt(estimate, clock, alpha);
  return Object.freeze({ ...sequence, estimate: diff }) as Result<AipwSequence>;
}

function scoresOf(units: readonly AssignedUnit[], priorMean: number): readonly number[] {
  const sums = [priorMean, priorMean];
  const counts = [1, 1];
  return units.map(({ arm, value, probability }) => {
    const mean0 = sums[0]! / counts[0]!;
    const mean1 = sums[1]! / counts[1]!;
    const correction =
      arm === 1
        ? (value - mean1) / Math.max(PROBABILITY_FLOOR, probability)
        : -(value - mean0) / Math.max(PROBABILITY_FLOOR, 1 - probability);
    sums[arm]! += value;
    counts[arm]! += 1;
    return mean1 - mean0 + correction;
  });
}
