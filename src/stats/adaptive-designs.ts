/**
 * Designs with planned looks or changing splits: group-sequential bounds, always-valid intervals under logged assignment
 * probabilities, and the probability that an arm is best. Only `stats-case` and callers of the package use them; no
 * experiment of Sluice does.
 */

import { clockOf, NOT_SETTINGS, sequenceAt } from './asymp-cs.ts';
import { betaCdf, betaDensity, standardNormalCdf, standardNormalQuantile, twoSidedZ } from './distributions.ts';
import { momentsOf, sampleVariance } from './moments.ts';
import {
  answer,
  areCounts,
  areFinite,
  isPositive,
  isProbability,
  NOT_ALPHA,
  NOT_COUNTS,
  NOT_FINITE,
  nothing,
  problem,
  type Result,
} from './result.ts';
import type { StageSettings } from './stage-cs.ts';

/** Looks are refused beyond this number; an always-valid sequence is the better tool there. */
export const MAX_LOOKS = 100;
/** Looks closer together than this share of the information are refused: they would be one look. */
export const MIN_INFORMATION_STEP = 0.001;

/** How alpha is spent over information time t: O'Brien-Fleming type, or the power t^phi. */
export type Spending = { readonly kind: 'obf' } | { readonly kind: 'power'; readonly phi: number };

/** Fewest grid intervals over the continuation region, and fewest per standard deviation of the next increment. */
const GRID_INTERVALS = 2000;
const INTERVALS_PER_DEVIATION = 8;
const BISECTIONS = 60;
/** No bound of use lies beyond: what is to be spent there is below the smallest double. */
const MAX_BOUND = 40;

/** The density of the score process on the region where the trial goes on, on a grid symmetric about 0. */
interface Continuation {
  readonly limit: number;
  /** Density times Simpson weight and step, at each grid point. */
  readonly mass: Float64Array;
}

/**
 * Two-sided bounds on |z| at information times t (rising, in (0, 1]) that spend alpha/2 per side: Lan and DeMets
 * (1983) spending, `obf` a(t) = 2(1 - Phi(z_{1-a/2}/sqrt t)) or `power` a t^phi with a = alpha/2, and the recursion of
 * Armitage, McPherson and Rowe (1969) over the two-sided continuation region. Contract kind `gst_bounds`.
 *
 * Errors: `invalid_input` when times do not rise or are outside (0, 1].
 */
export function groupSequentialBounds(
  times: readonly number[],
  alpha: number,
  spending: Spending,
): Result<{ z: readonly number[] }> {
  const none = { z: null };
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (spending.kind === 'power' && !isPositive(spending.phi)) {
    return problem('invalid_input', 'phi must be above 0', none);
  }
  if (times.length === 0) return problem('insufficient_data', 'there are no looks', none);
  if (times.length > MAX_LOOKS) return problem('invalid_input', `at most ${MAX_LOOKS} looks are allowed`, none);
  const steps = times.map((time, look) => time - (times[look - 1] ?? 0));
  if (!areFinite(times) || steps.some((step) => step < MIN_INFORMATION_STEP) || times.at(-1)! > 1) {
    return problem('invalid_input', 'information times must rise within (0, 1], by at least 0.001 each', none);
  }
  const spent = times.map((time) => spentPerSide(time, alpha / 2, spending));
  const bounds = [Math.min(MAX_BOUND, -standardNormalQuantile(spent[0]!))];
  let region = firstRegion(bounds[0]! * Math.sqrt(times[0]!), times[0]!, steps[1]);
  for (let look = 1; look < times.length; look += 1) {
    const deviation = Math.sqrt(steps[look]!);
    const limit = limitFor(region, deviation, spent[look]! - spent[look - 1]!, Math.sqrt(times[look]!));
    bounds.push(limit / Math.sqrt(times[look]!));
    if (look + 1 < times.length) region = nextRegion(region, limit, deviation, steps[look + 1]!);
  }
  return answer({ z: Object.freeze(bounds) });
}

function spentPerSide(time: number, level: number, spending: Spending): number {
  switch (spending.kind) {
    case 'obf':
      return 2 * standardNormalCdf(-twoSidedZ(level) / Math.sqrt(time));
    case 'power':
      return level * time ** spending.phi;
  }
}

/** A grid over [-limit, limit], fine enough for an increment of the next step's size, with Simpson weights. */
function gridOver(limit: number, nextStep: number, density: (score: number) => number): Continuation {
  const wanted = Math.max(GRID_INTERVALS, (INTERVALS_PER_DEVIATION * 2 * limit) / Math.sqrt(nextStep));
  const intervals = 2 * Math.ceil(wanted / 2);
  const width = (2 * limit) / intervals;
  const mass = new Float64Array(intervals + 1);
  // The density is symmetric about 0: the upper half mirrors the lower.
  for (let point = 0; point <= intervals / 2; point += 1) {
    const weight = point === 0 ? 1 : point % 2 === 1 ? 4 : 2;
    mass[point] = (density(-limit + point * width) * weight * width) / 3;
    mass[intervals - point] = mass[point]!;
  }
  return { limit, mass };
}

function normalDensity(score: number, deviation: number): number {
  const z = score / deviation;
  return Math.exp((-z * z) / 2) / (deviation * Math.sqrt(2 * Math.PI));
}

function firstRegion(limit: number, time: number, nextStep = 1): Continuation {
  return gridOver(limit, nextStep, (score) => normalDensity(score, Math.sqrt(time)));
}

/** Sum over the region of its mass times a function of the score. */
function integrate({ limit, mass }: Continuation, of: (score: number) => number): number {
  const width = (2 * limit) / (mass.length - 1);
  let sum = 0;
  for (let point = 0; point < mass.length; point += 1) sum += mass[point]! * of(-limit + point * width);
  return sum;
}

function nextRegion(region: Continuation, limit: number, deviation: number, nextStep: number): Continuation {
  return gridOver(limit, nextStep, (score) => integrate(region, (from) => normalDensity(score - from, deviation)));
}

/** The score that the process exceeds with the probability to be spent; found by halving, the tail falls with it. */
function limitFor(region: Continuation, deviation: number, toSpend: number, scale: number): number {
  let low = 0;
  let high = MAX_BOUND * scale;
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (low + high) / 2;
    const tail = integrate(region, (from) => standardNormalCdf((from - middle) / deviation));
    if (tail > toSpend) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/*
 * Under a split that changes often (a bandit), each unit is weighted by the logged probability of its arm, with predictions
 * from earlier units only. That keeps the estimate unbiased under any assignment rule.
 */

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

/*
 * How likely each arm is the best one, from Beta posteriors of rates. For display only: it has no error control under
 * peeking, so no gate reads it.
 */

/** Successes and failures of one arm. */
export type RateCounts = readonly [successes: number, failures: number];

export const MAX_BAYES_ARMS = 100;
/** Simpson intervals per arm. */
const INTERVALS = 1000;
/** Each posterior is integrated this many standard deviations around its mean; beyond lies less than 1e-15. */
const DEVIATIONS = 12;

interface Posterior {
  readonly a: number;
  readonly b: number;
}

/**
 * P(arm has the highest rate), per arm, by quadrature over its Beta(prior + counts) posterior: integral of f_i times
 * the product of the other arms' F_j. The probabilities sum to 1. Contract kind `prob_best`.
 *
 * Errors: `insufficient_data` without arms; `invalid_input` for negative counts or a prior that is not above 0.
 */
export function probabilityBest(
  arms: readonly RateCounts[],
  prior: readonly [number, number],
): Result<{ prob: readonly number[] }> {
  const none = { prob: null };
  if (!arms.every((counts) => areCounts(...counts))) return problem('invalid_input', NOT_COUNTS, none);
  if (!prior.every(isPositive)) return problem('invalid_input', 'both prior parameters must be above 0', none);
  if (arms.length > MAX_BAYES_ARMS) return problem('invalid_input', `at most ${MAX_BAYES_ARMS} arms are allowed`, none);
  if (arms.length === 0) return problem('insufficient_data', 'there are no arms', none);
  const posteriors = arms.map(([successes, failures]) => ({ a: prior[0] + successes, b: prior[1] + failures }));
  const raw = posteriors.map((own, index) => beatsAll(own, posteriors.toSpliced(index, 1)));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return answer({ prob: Object.freeze(raw.map((value) => value / total)) });
}

/**
 * The integral is taken over the angle whose squared sine is the rate: a density that is infinite at 0 or 1 (a prior
 * below 1) becomes flat there.
 */
function beatsAll(own: Posterior, others: readonly Posterior[]): number {
  const mean = own.a / (own.a + own.b);
  const reach = DEVIATIONS * Math.sqrt((mean * (1 - mean)) / (own.a + own.b + 1));
  const from = Math.asin(Math.sqrt(Math.max(0, mean - reach)));
  const to = Math.asin(Math.sqrt(Math.min(1, mean + reach)));
  const width = (to - from) / INTERVALS;
  let sum = 0;
  for (let point = 0; point < INTERVALS; point += 1) {
    // Midpoints, so that the ends, where a density may be infinite, are never evaluated.
    const angle = from + (point + 0.5) * width;
    const rate = Math.sin(angle) ** 2;
    const shareBelow = others.reduce((product, { a, b }) => product * betaCdf(rate, a, b), 1);
    sum += betaDensity(rate, own.a, own.b) * Math.sin(2 * angle) * shareBelow;
  }
  return sum * width;
}
