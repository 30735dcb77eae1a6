/**
 * The verdict of an offline comparison: t for the interval, sign-flip for the p-value, the stricter of the two for the
 * decision, and a refusal to decide where there are too few units or too many missing scores.
 */

import type { Better } from './gate.ts';
import { momentsOf, sampleVariance } from './moments.ts';
import { mcnemarExact } from './rates.ts';
import {
  answer,
  areCounts,
  areFinite,
  isPositive,
  LENGTHS_DIFFER,
  NOT_FINITE,
  nothing,
  problem,
  type Result,
} from './result.ts';
import { examplesNeeded, MIN_UNITS_FOR_VERDICT } from './sample-size.ts';
import { type Flipped, signFlip } from './sign-flip.ts';
import { clusterPaired, differences, pairedT, type TTest } from './t-test.ts';

export type OfflineVerdict = 'better' | 'worse' | 'equivalent' | 'inconclusive';

export interface OfflineSettings {
  readonly alpha: number;
  readonly better: Better;
  /** Smallest effect worth having; null when not declared, and then nothing is ever `equivalent`. */
  readonly mde: number | null;
  /** Cluster of each example; the default whenever the dataset names a cluster field. */
  readonly cluster?: readonly (string | number)[];
  readonly seed?: number;
  /** The sign-flip test of `flippedOf` these scores, where it was made together with others'; default: it is made here. */
  readonly flip?: Result<{ p: number }>;
}

/** What the sign-flip test of a comparison is made of; null where the two sides are not as long. */
export function flippedOf(
  control: readonly number[],
  treatment: readonly number[],
  cluster?: readonly (string | number)[],
): Flipped | null {
  const d = differences(control, treatment);
  return d === null ? null : { d, ...(cluster !== undefined && { cluster }) };
}

export interface OfflineComparison extends TTest {
  /** Sign-flip p over units; `p` is the t-test's. */
  readonly pSignFlip: number;
  /** Examples, or clusters. */
  readonly units: number;
  readonly verdict: OfflineVerdict;
  /** Examples that would be needed for 80 % power at the mde, or else at the difference seen; null when decided. */
  readonly nNeeded: number | null;
}

const NONE = nothing('diff', 'se', 'df', 't', 'p', 'ciLo', 'ciHi', 'pSignFlip', 'units', 'verdict', 'nNeeded');

/**
 * Compares two variants' scores on the same examples. `better`/`worse` when the interval excludes 0 and both p-values
 * are below alpha; `equivalent` when the interval lies within +-mde; else `inconclusive`.
 *
 * Errors: as `pairedT`, `clusterPaired` and `signFlip`; `insufficient_data` with all numbers shown but no verdict below
 * six units.
 */
export function compareScores(
  control: readonly number[],
  treatment: readonly number[],
  settings: OfflineSettings,
): Result<OfflineComparison> {
  const { alpha, better, mde, cluster, seed } = settings;
  if (mde !== null && !isPositive(mde)) return problem('invalid_input', 'the smallest effect must be above 0', NONE);
  const d = differences(control, treatment);
  if (d === null) return problem('invalid_input', LENGTHS_DIFFER, NONE);
  const test = cluster === undefined ? pairedT(control, treatment, alpha) : clusterPaired(d, cluster, alpha);
  const flip =
    settings.flip ??
    signFlip(d, { ...(cluster === undefined ? {} : { cluster }), ...(seed === undefined ? {} : { seed }) });
  const units = cluster === undefined ? d.length : new Set(cluster).size;
  if (test.status !== 'ok') return problem(test.status, test.why, { ...NONE, ...test, pSignFlip: flip.p, units });
  if (flip.status !== 'ok') return problem(flip.status, flip.why, NONE);
  const { status: _, ...numbers } = test;
  const shown = { ...numbers, pSignFlip: flip.p, units };
  if (units < MIN_UNITS_FOR_VERDICT) {
    const why = `a verdict needs at least ${MIN_UNITS_FOR_VERDICT} units`;
    return problem('insufficient_data', why, { ...NONE, ...shown });
  }
  const isClear = (test.ciLo > 0 || test.ciHi < 0) && Math.max(test.p, flip.p) < alpha;
  if (isClear) {
    const verdict = test.diff > 0 === (better === 'higher') ? 'better' : 'worse';
    return answer<OfflineComparison>({ ...shown, verdict, nNeeded: null });
  }
  if (mde !== null && test.ciLo > -mde && test.ciHi < mde) {
    return answer<OfflineComparison>({ ...shown, verdict: 'equivalent', nNeeded: null });
  }
  const designEffect = cluster === undefined ? null : designEffectOf(d, test.se);
  const seen = { se: test.se, pairs: d.length, units, designEffect, effect: mde ?? test.diff, alpha };
  return answer<OfflineComparison>({
    ...shown,
    verdict: 'inconclusive',
    nNeeded: examplesNeeded(seen)?.examples ?? null,
  });
}

/** How many times as many examples it takes as it would if they were independent: the ratio of the two variances. */
export function designEffectOf(d: readonly number[], clusteredSe: number): number | null {
  const independent = sampleVariance(momentsOf(d)) / d.length;
  return independent > 0 ? clusteredSe ** 2 / independent : null;
}

/** Above this share of missing pairs, or below this p for one side losing more, there is no verdict. */
export const MAX_MISSING_SHARE = 0.05;
export const MISSING_IMBALANCE_P = 0.01;

export interface Missing {
  /** Pairs that lack either side. */
  readonly missing: number;
  readonly share: number;
  /** Exact McNemar p that one side loses more scores than the other. */
  readonly p: number;
  readonly blocksVerdict: boolean;
  /** The mean difference if every missing value were as bad, or as good, for the treatment as possible. */
  readonly worstDiff: number;
  readonly bestDiff: number;
}

/**
 * What missing scores (null) may hide: counts, whether they block the verdict, and bounds on the mean difference with
 * every missing value replaced by the scale's ends. Errors: `insufficient_data` without examples; `invalid_input` for scores
 * outside the scale.
 */
export function missingScores(
  control: readonly (number | null)[],
  treatment: readonly (number | null)[],
  scale: { readonly worst: number; readonly best: number } = { worst: 0, best: 1 },
): Result<Missing> {
  const none = nothing('missing', 'share', 'p', 'blocksVerdict', 'worstDiff', 'bestDiff');
  if (control.length !== treatment.length) return problem('invalid_input', LENGTHS_DIFFER, none);
  const [low, high] = [Math.min(scale.worst, scale.best), Math.max(scale.worst, scale.best)];
  const given = [...control, ...treatment].filter((score) => score !== null);
  if (!areFinite([low, high, ...given]) || given.some((score) => score < low || score > high)) {
    return problem('invalid_input', `${NOT_FINITE} on the scale`, none);
  }
  const n = control.length;
  if (n === 0) return problem('insufficient_data', 'there are no examples', none);
  const n01 = control.filter((score, index) => score === null && treatment[index] !== null).length;
  const n10 = treatment.filter((score, index) => score === null && control[index] !== null).length;
  const n00 = control.filter((score, index) => score === null && treatment[index] === null).length;
  const imbalance = mcnemarExact({ n11: n - n01 - n10 - n00, n10, n01, n00 }, MISSING_IMBALANCE_P);
  const p = imbalance.pExact ?? 1;
  const missing = n01 + n10 + n00;
  const boundWith = (forControl: number, forTreatment: number): number =>
    control.reduce<number>((sum, score, index) => sum + (treatment[index] ?? forTreatment) - (score ?? forControl), 0) /
    n;
  return answer({
    missing,
    share: missing / n,
    p,
    blocksVerdict: missing / n > MAX_MISSING_SHARE || p < MISSING_IMBALANCE_P,
    worstDiff: boundWith(scale.best, scale.worst),
    bestDiff: boundWith(scale.worst, scale.best),
  });
}

/** After this many comparisons on one dataset, its examples are no longer fresh evidence. */
export const MAX_COMPARISONS_PER_DATASET = 10;

/** Whether a dataset has been compared on so often that fresh examples are due. */
export function isDatasetWorn(comparisons: number): boolean {
  return areCounts(comparisons) && comparisons >= MAX_COMPARISONS_PER_DATASET;
}

/*
 * Repeated scores of one example (temperature above 0) are averaged first, so that the example stays the unit. Both sources
 * of spread are reported, because more repeats cannot reduce the spread between examples.
 */

export interface Repeats {
  /** One score per example: the mean of its repeats. */
  readonly means: readonly number[];
  /** Variance of repeats within an example, pooled; null when no example has two. */
  readonly within: number | null;
  /** Variance between examples without the part that repeats add to their means; null below two examples. */
  readonly between: number | null;
}

/**
 * Means and variance components of repeated scores, one list per example (one-way analysis of variance; Miller 2024,
 * "Adding error bars to evals", section 3). Errors: `insufficient_data` without examples or for one without scores.
 */
export function averageRepeats(scores: readonly (readonly number[])[]): Result<Repeats> {
  const none = nothing('means', 'within', 'between');
  if (!scores.every(areFinite)) return problem('invalid_input', NOT_FINITE, none);
  if (scores.length === 0 || scores.some((repeats) => repeats.length === 0)) {
    return problem('insufficient_data', 'every example needs at least one score', none);
  }
  const examples = scores.map(momentsOf);
  const freedom = examples.reduce((sum, { n }) => sum + n - 1, 0);
  const within = freedom === 0 ? null : examples.reduce((sum, { m2 }) => sum + m2, 0) / freedom;
  const means = examples.map(({ mean }) => mean);
  const meanOfShares = examples.reduce((sum, { n }) => sum + 1 / n, 0) / examples.length;
  const between =
    examples.length < 2 ? null : Math.max(0, sampleVariance(momentsOf(means)) - (within ?? 0) * meanOfShares);
  return answer({ means: Object.freeze(means), within, between });
}
