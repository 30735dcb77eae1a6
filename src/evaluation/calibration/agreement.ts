/** How far a scorer says what people say: a table of yes and no, rates of each kind of error, and agreement beyond chance. */

import type { ScoreField } from '../../model/evaluation-spec.ts';
import { kappaOfNumbers } from '../../stats/agreement.ts';
import { bootstrapInterval } from '../../stats/bootstrap.ts';
import { DEFAULT_SEED } from '../../stats/random.ts';
import { wilson } from '../../stats/rates.ts';
import { clusterPaired } from '../../stats/t-test.ts';
import { CALIBRATION_LIMITS } from './limits.ts';

/** A scorer's score and people's, of one subject. */
export interface Held {
  readonly judge: number;
  readonly label: number;
  /** Subjects of one example are not independent. */
  readonly exampleId: string;
}

/** The scorer's yes or no against people's. */
export interface Counts {
  readonly tp: number;
  readonly fn: number;
  readonly tn: number;
  readonly fp: number;
}

/** Null where there is nothing to count, or no error to tell. */
export interface Interval {
  readonly value: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
}

export interface Rate extends Interval {
  readonly of: number;
}

export interface Agreement {
  readonly n: number;
  /** Scores above it count as a yes. */
  readonly cut: number;
  readonly counts: Counts;
  /** How often it says yes where people do, and no where they do; by Wilson. */
  readonly sensitivity: Rate;
  readonly specificity: Rate;
  /** How much higher it scores than people, on average; by examples as clusters. */
  readonly excess: Interval;
}

/**
 * What tells a yes from a no: a threshold where there is one, else the middle of the scale, else of an open scale the
 * median of the labels.
 */
export function cutOf({ worst, best }: Pick<ScoreField, 'worst' | 'best'>, held: readonly Held[]): number {
  if (best !== null) return (worst + best) / 2;
  const labels = held.map(({ label }) => label).sort((one, other) => one - other);
  return labels[Math.floor((labels.length - 1) / 2)] ?? worst;
}

export function countsOf(held: readonly Held[], cut: number): Counts {
  const count = (judge: boolean, label: boolean): number =>
    held.filter((one) => one.judge > cut === judge && one.label > cut === label).length;
  return { tp: count(true, true), fn: count(false, true), tn: count(false, false), fp: count(true, false) };
}

export function agreementOf(held: readonly Held[], cut: number, alpha: number): Agreement {
  const counts = countsOf(held, cut);
  const { tp, fn, tn, fp } = counts;
  return Object.freeze({
    n: held.length,
    cut,
    counts: Object.freeze(counts),
    sensitivity: rateOf(tp, tp + fn, alpha),
    specificity: rateOf(tn, tn + fp, alpha),
    excess: excessOf(held, alpha),
  });
}

export function rateOf(count: number, of: number, alpha: number): Rate {
  const { lo, hi } = wilson(count, of, alpha);
  return Object.freeze({ value: of === 0 ? null : count / of, lo, hi, of });
}

function excessOf(held: readonly Held[], alpha: number): Interval {
  const errors = held.map(({ judge, label }) => judge - label);
  const found = clusterPaired(
    errors,
    held.map(({ exampleId }) => exampleId),
    alpha,
  );
  const value = errors.length === 0 ? null : errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return Object.freeze({ value, lo: found.ciLo, hi: found.ciHi });
}

/** By distance: of yes and no it is plain kappa, of grades the quadratic one. Null where all say the same. */
export const kappaOf = (held: readonly Held[]): number | null =>
  kappaOfNumbers(
    held.map(({ judge }) => judge),
    held.map(({ label }) => label),
  ).kappa;

/** Kappa with a seeded bootstrap interval: examples are drawn, with all of their subjects. */
export function kappaInterval(held: readonly Held[], alpha: number): Interval {
  const value = kappaOf(held);
  if (value === null) return Object.freeze({ value, lo: null, hi: null });
  const centre = held.reduce((sum, { judge, label }) => sum + judge + label, 0) / (2 * held.length);
  const examples = [...Map.groupBy(held, ({ exampleId }) => exampleId).values()].map((own) => sumsOf(own, centre));
  const { lo, hi } = bootstrapInterval([...examples.keys()], {
    alpha,
    statistic: (sample) => kappaOfSums(sample, examples),
    resamples: CALIBRATION_LIMITS.resamples,
    seed: DEFAULT_SEED,
    // BCa leaves each example out once, which among so many changes nothing that is seen.
    method: examples.length > CALIBRATION_LIMITS.bcaExamples ? 'percentile' : 'bca',
  });
  return Object.freeze({ value, lo, hi });
}

/** What kappa needs of one example: subjects, sums and squares of scores and labels, and squared distances. */
type Sums = readonly [n: number, judge: number, label: number, squares: number, distances: number];

function sumsOf(held: readonly Held[], centre: number): Sums {
  let [judges, labels, squares, distances] = [0, 0, 0, 0];
  for (const { judge, label } of held) {
    judges += judge - centre;
    labels += label - centre;
    squares += (judge - centre) ** 2 + (label - centre) ** 2;
    distances += (judge - label) ** 2;
  }
  return [held.length, judges, labels, squares, distances];
}

/** As `kappaOfNumbers`. A sample in which all say the same shows no agreement beyond chance: 0. */
function kappaOfSums(sample: Float64Array, examples: readonly Sums[]): number {
  let [n, judges, labels, squares, distances] = [0, 0, 0, 0, 0];
  for (const place of sample) {
    const [count, judge, label, square, distance] = examples[place]!;
    n += count;
    judges += judge;
    labels += label;
    squares += square;
    distances += distance;
  }
  // Mean (a - b)^2 under chance: variances, and the distance of the means.
  const expected = squares - (2 * judges * labels) / n;
  return expected <= ROUNDING * squares ? 0 : 1 - distances / expected;
}

const ROUNDING = 1e-12;

export interface TableCell {
  readonly judge: number;
  readonly label: number;
  readonly n: number;
}

/** Every score beside every label; null where there are too many to look at. */
export function tableOf(held: readonly Held[]): readonly TableCell[] | null {
  const values = new Set(held.flatMap(({ judge, label }) => [judge, label]));
  if (values.size > CALIBRATION_LIMITS.tableValues) return null;
  const cells = [...Map.groupBy(held, ({ judge, label }) => `${judge} ${label}`).values()];
  return cells
    .map((alike) => Object.freeze({ judge: alike[0]!.judge, label: alike[0]!.label, n: alike.length }))
    .sort((one, other) => one.judge - other.judge || one.label - other.label);
}
