/** How far a scorer says what people say: a table of yes and no, rates of each kind of error, and agreement beyond chance. */
import type { ScoreField, ScorerSpec } from '../../model/evaluation-spec.ts';
import { kappaOfNumbers, krippendorff } from '../../stats/agreement.ts';
import { bootstrapInterval } from '../../stats/bootstrap.ts';
import { type JudgeFlaw, judgeFlaws } from '../../stats/judges.ts';
import { DEFAULT_SEED } from '../../stats/random.ts';
import { wilson } from '../../stats/rates.ts';
import { clusterDiff, clusterPaired } from '../../stats/t-test.ts';
import type { Label } from '../../store/evaluations.ts';
import type { Calibration } from '../compare/comparison-report.ts';
import { type Judgement, majorityOf, type Ratings, votesOf } from './labelled.ts';

/** Limits of a calibration and of its report. */
export const CALIBRATION_LIMITS = Object.freeze({
  /** Subjects of a sample that is exported: by default, and at most. */
  sample: 100,
  largestSample: 10_000,
  /** Rows of a file of labels. */
  rows: 100_000,
  raterLength: 100,
  noteLength: 4_000,
  /** Of a text that raters are shown, so that a spreadsheet can hold it in a cell. */
  shownCharacters: 30_000,
  /** Of the interval of kappa. */
  resamples: 2_000,
  /** With more examples it is read off the quantiles directly. */
  bcaExamples: 1_000,
  /** Different scores and labels of a table; with more there is none. */
  tableValues: 7,
  /** Tags with a slice, the most frequent, and labels that a tag must have. */
  sliceTags: 20,
  sliceLabels: 10,
});

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

/** Null when there is no data, or no error to estimate. */
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
 * The threshold between yes and no: the declared one, else the middle of the scale, else (open scale) the median label.
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

/** Counts of scores by label; null when there are too many values to show. */
export function tableOf(held: readonly Held[]): readonly TableCell[] | null {
  const values = new Set(held.flatMap(({ judge, label }) => [judge, label]));
  if (values.size > CALIBRATION_LIMITS.tableValues) return null;
  const cells = [...Map.groupBy(held, ({ judge, label }) => `${judge} ${label}`).values()];
  return cells
    .map((alike) => Object.freeze({ judge: alike[0]!.judge, label: alike[0]!.label, n: alike.length }))
    .sort((one, other) => one.judge - other.judge || one.label - other.label);
}

/** How far people agree among themselves: a judge can hardly agree with them more than they do. */
export interface RaterAgreement {
  readonly raters: readonly string[];
  /** Subjects that at least two of them have labelled. */
  readonly shared: number;
  /** Krippendorff's: of yes and no as names, of grades by distance. Null where all say the same, or nothing is shared. */
  readonly alpha: number | null;
}

/** @param subjects labels of one scorer, by subject; decisions between raters are no rater's */
export function raterAgreement(
  subjects: readonly (readonly Label[])[],
  field: string,
  isBinary: boolean,
): RaterAgreement {
  const given = subjects.map((labels) =>
    labels.filter((label) => !label.isFinal && votesOf([label], field).length > 0),
  );
  const raters = [...new Set(given.flat().map(({ rater }) => rater))].sort();
  const shared = given.filter(({ length }) => length >= 2);
  const places = new Map(raters.map((rater, place) => [rater, place]));
  const rows = raters.map(() => new Array<number | null>(shared.length).fill(null));
  for (const [place, labels] of shared.entries())
    for (const label of labels) rows[places.get(label.rater)!]![place] = votesOf([label], field)[0]!;
  const { alpha } = krippendorff(rows, isBinary ? 'nominal' : 'interval');
  return Object.freeze({ raters: Object.freeze(raters), shared: shared.length, alpha });
}

/**
 * Whether a judge treats a variant otherwise than the baseline: its error, score minus label, on the answers of either. A
 * judge that likes one side's style passes any calibration over both, and decides wrongly between them.
 */
export interface VariantBias extends Interval {
  /** Two-sided; 1 where nothing varies. */
  readonly p: number;
}

/** The level at which a bias counts as found. */
export const BIAS_ALPHA = 0.05;

/** How much more the judge exceeds people on the variant's answers; null with too few labels. */
export function biasBetween(
  baseline: readonly Held[],
  variant: readonly Held[],
  alpha = BIAS_ALPHA,
): VariantBias | null {
  const all = [...baseline, ...variant];
  const found = clusterDiff(
    all.map((_, place) => Number(place >= baseline.length)),
    all.map(({ exampleId }) => exampleId),
    all.map(({ judge, label }) => judge - label),
    alpha,
  );
  if (found.diff === null) return null;
  return Object.freeze({ value: found.diff, lo: found.ciLo, hi: found.ciHi, p: found.p ?? 1 });
}

/**
 * A judge's scores, in one version, of subjects that people have labelled. Labels count only for subjects that this
 * version has scored: a new model, prompt or code makes the judge uncalibrated until it scores them again.
 */
export interface Measured {
  readonly scorer: Pick<ScorerSpec, 'id' | 'fields'>;
  readonly field: string;
  /** Of a metric that asks whether a score is above a threshold; else null. */
  readonly above: number | null;
}

/** Agreement of judge and people, with the subjects on which people disagree: two of three would decide. */
export interface HeldAgainst {
  readonly held: readonly (Held & Pick<Judgement, 'variant'>)[];
  readonly ties: number;
}

/** @param judgements by one version of the scorer; where a subject comes again, the first counts */
export function holdAgainst(
  { scorer, field, above }: Measured,
  judgements: readonly Judgement[],
  ratings: Ratings,
): HeldAgainst {
  const own = ratings.get(scorer.id);
  const subjects = new Map<string, Judgement>();
  for (const judgement of judgements) if (!subjects.has(judgement.subject)) subjects.set(judgement.subject, judgement);
  const shape = (value: number): number => (above === null ? value : Number(value > above));
  let ties = 0;
  const held = [...subjects.values()].flatMap(({ subject, exampleId, variant, score }) => {
    const votes = votesOf(own?.get(subject), field).map(shape);
    const judge = score[field];
    if (judge === undefined || votes.length === 0) return [];
    const label = majorityOf(votes);
    if (label === null) ties += 1;
    return label === null ? [] : [Object.freeze({ judge: shape(judge), label, exampleId, variant })];
  });
  return { held, ties };
}

/** The judge's threshold between yes and no. */
export const cutFor = ({ scorer, field, above }: Measured, held: readonly Held[]): number =>
  above === null ? cutOf(scorer.fields[field]!, held) : 0.5;

/** @param judgements by one version of the scorer, of this evaluation and of others */
export function calibrationOf(
  measured: Measured,
  judgements: readonly Judgement[],
  ratings: Ratings,
  more: readonly JudgeFlaw[] = [],
): Calibration {
  const { held } = holdAgainst(measured, judgements, ratings);
  if (held.length === 0) return UNLABELLED;
  const flaws = [...judgeFlaws(countsOf(held, cutFor(measured, held)), kappaOf(held)), ...more];
  const state = flaws.length === 0 ? 'calibrated' : 'uncalibrated';
  return Object.freeze({ state, labels: held.length, flaws: Object.freeze(flaws) });
}

const UNLABELLED: Calibration = Object.freeze({ state: 'uncalibrated', labels: 0, flaws: Object.freeze([]) });
