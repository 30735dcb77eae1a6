/** Examples on two sides, as a metric has them and as people would: what effects are corrected from. */
import type { MetricSpec, ScorerSpec } from '../../model/evaluation-spec.ts';
import { twoSidedT, twoSidedZ } from '../../stats/distributions.ts';
import { ppiMean, roganGladen } from '../../stats/judges.ts';
import { momentsOf } from '../../stats/moments.ts';
import type { CorrectedEffect } from '../compare/comparison-report.ts';
import { scaleOf } from '../compare/missing.ts';
import { EVEN, exampleMean, type PairedColumns, type Pairing } from '../compare/pairs.ts';
import { type Column, meanError } from '../compare/score-matrix.ts';
import {
  BIAS_ALPHA,
  biasBetween,
  type Counts,
  countsOf,
  cutFor,
  type HeldAgainst,
  holdAgainst,
  type Measured,
} from './agreement.ts';
import { type Judgement, type Labelled, meanOf, type Subject, votesOf } from './labelled.ts';

/** A variant of an evaluation with its labels. */
export interface LabelledSide {
  readonly labelled: Labelled;
  readonly variant: number;
}

export interface JudgedSide {
  readonly score: number;
  /** Mean over raters; null without a label. */
  readonly label: number | null;
  /** No judge was needed: the run failed, or the row is the baseline compared with itself. The score is the truth. */
  readonly isKnown: boolean;
}

export interface JudgedPair {
  readonly baseline: JudgedSide;
  readonly variant: JudgedSide;
  /** Both sides have the same answer, or none: the difference is 0. */
  readonly isSame: boolean;
  /** Pairs of one cluster are not independent. */
  readonly cluster: number;
}

/** Of the pairs that have both scores. */
function judgedPairs(
  pairing: Pairing,
  { metric, left, right }: PairedColumns,
  baseline: LabelledSide,
  side: LabelledSide,
): readonly JudgedPair[] {
  const [ofBaseline, ofSide] = [readerOf(metric, left, baseline), readerOf(metric, right, side)];
  return pairing.left.flatMap((place, pair): JudgedPair[] => {
    const [one, other] = [ofBaseline(place), ofSide(pairing.right[pair]!)];
    if (Number.isNaN(one.score) || Number.isNaN(other.score)) return [];
    const cluster = pairing.clusters?.[pair] ?? pair;
    return [{ baseline: one, variant: other, isSame: areSame(one.subjects, other.subjects), cluster }];
  });
}

interface Read extends JudgedSide {
  /** One per repeat. */
  readonly subjects: readonly Subject[];
}

const BY_DEFINITION: Read = { score: EVEN, label: EVEN, isKnown: true, subjects: [] };

function readerOf(metric: MetricSpec, column: Column | null, side: LabelledSide): (example: number) => Read {
  if (column === null || metric.source.from !== 'score') return () => BY_DEFINITION;
  const { scorer, field } = metric.source;
  const subjects = side.labelled.subjects(scorer, side.variant) ?? [];
  const ratings = side.labelled.ratings.get(scorer);
  const { values, repeats } = column;
  const shape = (vote: number): number => (metric.kind === 'share' ? Number(vote > (metric.above ?? 0)) : vote);
  /** Undefined: no label. */
  const labelAt = (at: number): number | undefined => {
    const subject = subjects[at];
    if (subject === null) return values[at]!;
    const votes = subject === undefined ? [] : votesOf(ratings?.get(subject), field).map(shape);
    return votes.length === 0 ? undefined : meanOf(votes);
  };
  return (example) => {
    const places = Array.from({ length: repeats }, (_, repeat) => example * repeats + repeat);
    const scored = places.filter((at) => !Number.isNaN(values[at]));
    const labels = scored.map(labelAt).filter((label) => label !== undefined);
    return {
      score: exampleMean(column, example),
      // Half of an example's repeats would not be what its score is the mean of.
      label: labels.length > 0 && labels.length === scored.length ? meanOf(labels) : null,
      isKnown: scored.every((at) => subjects[at] === null),
      subjects: places.map((at) => subjects[at]),
    };
  };
}

const areSame = (one: readonly Subject[], other: readonly Subject[]): boolean =>
  one.length > 0 &&
  one.length === other.length &&
  one.every((subject, repeat) => subject !== undefined && subject === other[repeat]);

// The effect of a variant as people would have scored it, from a judge's scores of all examples and labels on some: PPI++
// over the paired differences, so that a judge who favours one side is corrected by just as much.

/** With fewer labelled pairs, or clusters of them, there is no interval. */
export const MIN_LABELLED_PAIRS = 30;

const judgedDifference = ({ baseline, variant }: JudgedPair): number => variant.score - baseline.score;

/** Null where a side has no label. */
const labelledDifference = ({ baseline, variant }: JudgedPair): number | null =>
  baseline.label === null || variant.label === null ? null : variant.label - baseline.label;

/** Those that have labels on both sides, where there is something to judge. */
const labelledPairs = (pairs: readonly JudgedPair[]): readonly JudgedPair[] =>
  pairs.filter((pair) => !pair.isSame && labelledDifference(pair) !== null);

const countLabelledClusters = (pairs: readonly JudgedPair[]): number =>
  new Set(labelledPairs(pairs).map(({ cluster }) => cluster)).size;

/**
 * The mean difference over all pairs, with Student's t over the clusters that have labels. Its variance is made as if one
 * labelled pair more had been off by as much as can be: where people and judge have not differed yet, they still may.
 *
 * Assumes labels on a random sample of the examples. Pairs without anything to judge are a stratum of their own, whose
 * difference is known: their share enters with its own error, and their labels do not count.
 *
 * @param reach the largest difference that a pair can have
 * @returns null with too few labelled pairs
 */
export function correctedMean(pairs: readonly JudgedPair[], reach: number, alpha: number): CorrectedEffect | null {
  const judged = pairs.filter(({ isSame }) => !isSame);
  const labelled = labelledPairs(pairs);
  const groups = countLabelledClusters(pairs);
  if (groups < MIN_LABELLED_PAIRS) return null;
  const y = labelled.map((pair) => labelledDifference(pair)!);
  const f = labelled.map(judgedDifference);
  const rest = judged.filter((pair) => labelledDifference(pair) === null).map(judgedDifference);
  // Null where next to nothing is without a label: then the labels say all.
  const lambda = ppiMean(y, f, rest, alpha).lambda ?? 0;
  const ofRest = momentsOf(rest).mean;
  const ofErrors = momentsOf(y.map((value, at) => value - lambda * f[at]!)).mean;
  const theta = lambda * ofRest + ofErrors;
  const share = judged.length / pairs.length;
  const effect = share * theta;
  // What each pair moves the estimate by: summed by cluster, their squares are its variance.
  const influence = (pair: JudgedPair): number => {
    if (pair.isSame) return -effect / pairs.length;
    const label = labelledDifference(pair);
    const own =
      label === null
        ? (lambda * (judgedDifference(pair) - ofRest)) / rest.length
        : (label - lambda * judgedDifference(pair) - ofErrors) / y.length;
    return share * own + (theta - effect) / pairs.length;
  };
  const oneMore = ((share * reach) / (y.length + 1)) ** 2;
  const variance = (clusteredSquares(pairs, influence) * groups) / (groups - 1) + oneMore;
  const halfWidth = twoSidedT(alpha, groups - 1) * Math.sqrt(variance);
  const [lo, hi] = [effect - halfWidth, effect + halfWidth];
  return Object.freeze({ effect, lo, hi, labels: y.length, method: 'ppi_mean' });
}

function clusteredSquares(pairs: readonly JudgedPair[], influence: (pair: JudgedPair) => number): number {
  const sums = new Map<number, number>();
  for (const pair of pairs) sums.set(pair.cluster, (sums.get(pair.cluster) ?? 0) + influence(pair));
  return [...sums.values()].reduce((total, sum) => total + sum * sum, 0);
}

/** Labels of each class that error rates need. */
const MIN_CLASS_LABELS = 20;

/** Whether there are enough labels of either class. */
const areEnough = ({ tp, fn, tn, fp }: Counts): boolean => Math.min(tp + fn, tn + fp) >= MIN_CLASS_LABELS;

/** Whether each side has labels enough for error rates of its own that correct anything. */
export const haveOwnRates = (baseline: Counts, variant: Counts, alpha: number): boolean =>
  [baseline, variant].every((counts) => areEnough(counts) && deviceOf(counts, alpha) !== null);

/**
 * The difference of two rates as people would rate it, estimated from the judge's error rates (Rogan and Gladen, on
 * each side). Used when pairs have no labels; its name says which labels it rests on.
 */
export interface RateErrors {
  /** The judge's table on the baseline's answers, and on the variant's; the same twice where they are pooled. */
  readonly baseline: Counts;
  readonly variant: Counts;
  /** One table for both: it corrects how large an effect is, and nothing that the judge does to one side alone. */
  readonly isPooled: boolean;
}

/**
 * With a normal interval: the spread of the corrected differences, by clusters where there are any, and the error of the
 * rates that they were corrected by.
 *
 * @returns null for scores other than 0 and 1, a judge no better than chance, and pairs that do not vary
 */
export function correctedRates(
  pairs: readonly JudgedPair[],
  { baseline, variant, isPooled }: RateErrors,
  alpha: number,
): CorrectedEffect | null {
  const sides = pairs.flatMap((pair) => [pair.baseline, pair.variant]);
  if (!sides.every(({ score }) => score === 0 || score === 1)) return null;
  const [one, other] = [deviceOf(baseline, alpha), deviceOf(variant, alpha)];
  if (one === null || other === null) return null;
  const differences = pairs.map((pair) => (pair.isSame ? 0 : truth(other, pair.variant) - truth(one, pair.baseline)));
  const clusters = pairs.map(({ cluster }) => cluster);
  const error = meanError(differences, clusters);
  if (error === null) return null;
  const judged = pairs.filter(({ isSame }) => !isSame);
  const below = slopesOf(one, judged.map((pair) => pair.baseline).filter(isJudged), pairs.length);
  const above = slopesOf(other, judged.map((pair) => pair.variant).filter(isJudged), pairs.length);
  // A pooled table moves both sides at once, two tables each its own.
  const devices = isPooled
    ? spread(one, { se: above.se - below.se, sp: above.sp - below.sp })
    : spread(one, below) + spread(other, above);
  const effect = differences.reduce((sum, value) => sum + value, 0) / pairs.length;
  const halfWidth = twoSidedZ(alpha) * Math.sqrt(error.se ** 2 + devices);
  const labels = isPooled ? sizeOf(baseline) : sizeOf(baseline) + sizeOf(variant);
  const method = isPooled ? 'rogan_gladen_pooled' : 'rogan_gladen';
  return Object.freeze({ effect, lo: effect - halfWidth, hi: effect + halfWidth, labels, method });
}

const sizeOf = ({ tp, fn, tn, fp }: Counts): number => tp + fn + tn + fp;

const isJudged = ({ isKnown }: JudgedSide): boolean => !isKnown;

/** A judge as a measuring device: its rates, their variances, and how much of a difference it lets through. */
interface Device {
  readonly specificity: number;
  readonly power: number;
  readonly seVariance: number;
  readonly spVariance: number;
}

function deviceOf(counts: Counts, alpha: number): Device | null {
  const { tp, fn, tn, fp } = counts;
  // Whether it is of any use does not depend on what it is asked about.
  if (roganGladen({ ...counts, pos: 1, n: 1 }, alpha).status !== 'ok') return null;
  const [sensitivity, specificity] = [tp / (tp + fn), tn / (tn + fp)];
  return {
    specificity,
    power: sensitivity + specificity - 1,
    seVariance: varianceOf(tp, fn),
    spVariance: varianceOf(tn, fp),
  };
}

/** Of a rate, as if one more of either had been seen: a judge without an error yet may still have one. */
function varianceOf(right: number, wrong: number): number {
  const rate = (right + 1) / (right + wrong + 2);
  return (rate * (1 - rate)) / (right + wrong);
}

/** The expected truth of a verdict, which may exceed 0 and 1; rows without a judge keep their score. */
const truth = ({ specificity, power }: Device, { score, isKnown }: JudgedSide): number =>
  isKnown ? score : (score + specificity - 1) / power;

interface Slopes {
  readonly se: number;
  readonly sp: number;
}

/** How the mean over all pairs moves with the device's rates. */
function slopesOf(device: Device, judged: readonly JudgedSide[], pairs: number): Slopes {
  const total = judged.reduce((sum, side) => sum + truth(device, side), 0);
  return { se: -total / device.power / pairs, sp: (judged.length - total) / device.power / pairs };
}

const spread = ({ seVariance, spVariance }: Device, { se, sp }: Slopes): number =>
  se ** 2 * seVariance + sp ** 2 * spVariance;

/** One metric of one side, corrected by the labels that there are: by the best method that they suffice for. */
export interface CorrectionInput {
  readonly pairing: Pairing;
  readonly columns: PairedColumns;
  readonly baseline: LabelledSide;
  readonly side: LabelledSide;
  /** By the scorer's version, of these evaluations and of others. */
  readonly judgements: readonly Judgement[];
  readonly alpha: number;
}

/** Why labels that there are correct nothing, as a clause. */
export interface NotCorrected {
  readonly why: string;
}

/**
 * The effect as people would have found it.
 *
 * - `ppi_mean` from 30 examples on that have labels on both sides: it corrects what the judge does to either side.
 * - `rogan_gladen`, of rates, from 20 labels of each class on each side.
 * - `rogan_gladen_pooled`, of rates, from 20 labels of each class over all: what the judge does to one side alone stays, so
 *   it is not used where labels show that the judge treats the two differently.
 *
 * @returns null where nothing has labels
 */
export function correctedEffect(input: CorrectionInput): CorrectedEffect | NotCorrected | null {
  const { columns, pairing, baseline, side, alpha } = input;
  const { metric } = columns;
  if (metric.source.from !== 'score' || !side.labelled.ratings.has(metric.source.scorer)) return null;
  const pairs = judgedPairs(pairing, columns, baseline, side);
  const corrected = correctedMean(pairs, reachOf(metric, pairing, pairs), alpha);
  if (corrected !== null) return corrected;
  const clusters = countLabelledClusters(pairs);
  const few = `${clusters} ${clusters === 1 ? 'cluster' : 'clusters'} of examples have labels on both sides, ${MIN_LABELLED_PAIRS} are needed`;
  if (metric.kind !== 'rate' && metric.kind !== 'share') return { why: few };
  const errors = rateErrors(input);
  if (errors === null) return { why: few };
  if ('why' in errors) return { why: `${few}; and ${errors.why}` };
  return correctedRates(pairs, errors, alpha) ?? { why: `${few}; and ${NO_RATES}` };
}

const NO_RATES =
  'error rates correct only scores of yes and no that are not all alike, of a judge that is better than chance';

/** The largest difference that a pair can have. */
function reachOf(metric: MetricSpec, pairing: Pairing, pairs: readonly JudgedPair[]): number {
  if (metric.kind === 'win-rate') return EVEN;
  const scale = scaleOf(metric, pairing.baseline.facts.spec);
  if (scale !== null) return Math.abs(scale.best - scale.worst);
  const values = pairs.flatMap(({ baseline, variant }) =>
    [baseline, variant].flatMap(({ score, label }) => [score, label ?? score]),
  );
  return (
    values.reduce((most, value) => Math.max(most, value), -Infinity) -
    values.reduce((least, value) => Math.min(least, value), Infinity)
  );
}

/** What a metric asks of its scorer; undefined where it is of none. */
export function measuredBy({ source, kind, above }: MetricSpec, scorers: readonly ScorerSpec[]): Measured | undefined {
  const scorer = source.from === 'score' ? scorers.find(({ id }) => id === source.scorer) : undefined;
  if (scorer === undefined || source.from !== 'score' || !Object.hasOwn(scorer.fields, source.field)) return undefined;
  return { scorer, field: source.field, above: kind === 'share' ? (above ?? 0) : null };
}

/** One side's judgements with people's labels. */
export function heldOn({ labelled, variant }: LabelledSide, measured: Measured): HeldAgainst['held'] {
  const own = labelled.judgements(measured.scorer.id).filter((judgement) => judgement.variant === variant);
  return holdAgainst(measured, own, labelled.ratings).held;
}

function rateErrors(input: CorrectionInput): RateErrors | NotCorrected | null {
  const { columns, baseline, side, judgements, pairing } = input;
  const measured = measuredBy(columns.metric, pairing.baseline.facts.spec.scorers);
  if (measured === undefined) return null;
  const tableOf = (held: HeldAgainst['held']): Counts => countsOf(held, cutFor(measured, held));
  const [one, other] = [heldOn(baseline, measured), heldOn(side, measured)];
  const own = { baseline: tableOf(one), variant: tableOf(other) };
  if (areEnough(own.baseline) && areEnough(own.variant)) return { ...own, isPooled: false };
  const bias = biasBetween(one, other);
  if (bias !== null && bias.p < BIAS_ALPHA)
    return { why: 'one table of error rates for both sides does not hold, as the judge errs differently on them' };
  const pooled = tableOf(holdAgainst(measured, judgements, side.labelled.ratings).held);
  if (areEnough(pooled)) return { baseline: pooled, variant: pooled, isPooled: true };
  const [yes, no] = [pooled.tp + pooled.fn, pooled.tn + pooled.fp];
  const needed = `${MIN_CLASS_LABELS} of each are needed for error rates`;
  return { why: `people say yes to ${yes} and no to ${no} of what has labels, ${needed}` };
}
