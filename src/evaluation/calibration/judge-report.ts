/** What labels say of a scorer of one evaluation, as frozen JSON: of each score how far it agrees with people, and where not. */

import { SPLITS } from '../../model/dataset.ts';
import type { MetricSpec, ScorerSpec } from '../../model/evaluation-spec.ts';
import { isJudge, judgeModel } from '../../model/evaluation-spec.ts';
import type { ValueFormat } from '../../stats/explained-report.ts';
import type { Better } from '../../stats/gate.ts';
import { adjustP } from '../../stats/multiplicity.ts';
import { welch } from '../../stats/t-test.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import type { Calibration } from '../compare/comparison-report.ts';
import { examplesOfPart } from '../compare/load.ts';
import {
  type Agreement,
  agreementOf,
  BIAS_ALPHA,
  biasBetween,
  CALIBRATION_LIMITS,
  calibrationOf,
  countsOf,
  cutFor,
  type HeldAgainst,
  holdAgainst,
  type Interval,
  kappaInterval,
  type Measured,
  type Rate,
  type RaterAgreement,
  rateOf,
  raterAgreement,
  type TableCell,
  tableOf,
  type VariantBias,
} from './agreement.ts';
import { haveOwnRates, MIN_LABELLED_PAIRS } from './correct-metric.ts';
import {
  createLabelled,
  type Judgement,
  type Labelled,
  type LabelledFacts,
  type Ratings,
  type Subject,
  votesOf,
} from './labelled.ts';
import { type Asked, createPopulation, type Population } from './sample.ts';
import { calibrationRemedy, fieldSentences } from './words.ts';

export interface JudgeReport {
  readonly evaluationId: string;
  readonly scorer: string;
  readonly kind: ScorerSpec['kind'];
  /** Of none that is not, calibration is needed. */
  readonly isJudge: boolean;
  /** The served model that its config names; null: none. */
  readonly model: string | null;
  /** Of the evaluation's pins; null where it has not begun. */
  readonly version: string | null;
  /** Subjects that it has scored here, each once; of a human scorer those to be labelled. */
  readonly subjects: number;
  readonly labels: {
    /** Subjects of this version with a label: here, and only in other evaluations. */
    readonly here: number;
    readonly elsewhere: number;
    /** Labelled subjects that this version has not scored: of answers that are no more given, or scored by another implementation. */
    readonly unscored: number;
    /** Subjects with labels of this scorer id and an unknown version: they count for no judge. */
    readonly unattributed: number;
  };
  /** By field and the thresholds that metrics have for it, those that have labels; of a judge all. */
  readonly fields: readonly FieldReport[];
}

export interface FieldReport {
  readonly field: string;
  /** The threshold of a share metric, above which a score counts as a yes; null: the scores themselves. */
  readonly above: number | null;
  readonly better: Better;
  readonly format: ValueFormat;
  /** Of yes and no alone. */
  readonly isBinary: boolean;
  readonly raters: RaterAgreement;
  /** Subjects on which people are divided: in no table. */
  readonly ties: number;
  /** Null: nothing to hold against people, as of a human scorer. */
  readonly agreement: Agreement | null;
  readonly kappa: Interval;
  /** Scores by label; null when there are too many values. */
  readonly table: readonly TableCell[] | null;
  /** Of this evaluation, the baseline first; those without labels are left out. */
  readonly variants: readonly VariantErrors[];
  /** By tag, exploratory: the most frequent. */
  readonly slices: readonly SliceErrors[];
  readonly sampling: Sampling | null;
  readonly calibration: Calibration;
  /** What leads to a calibration; null where there is one, or none is needed. */
  readonly remedy: string | null;
  readonly sentences: readonly string[];
}

export interface VariantErrors {
  readonly variant: number;
  readonly name: string;
  readonly agreement: Agreement;
  /** Against the baseline, p by Holm over variants; null of the baseline, and where there are too few labels. */
  readonly bias: VariantBias | null;
  /**
   * Clusters with labels on this side and the baseline's, on answers that differ: what corrects an effect. An example without
   * a cluster is one of its own.
   */
  readonly clusters: number;
  /** Whether labels of either side correct effects between the two. */
  readonly isCorrected: boolean;
}

export interface SliceErrors {
  readonly tag: string;
  readonly n: number;
  /** Share on which scorer and people say the same of yes and no. */
  readonly same: Rate;
  readonly sensitivity: Rate;
  readonly specificity: Rate;
}

/** Whether what is labelled is like the rest, by its scores: labels on what one chose to look at correct nothing. */
export interface Sampling {
  readonly labelled: number;
  readonly others: number;
  readonly p: number;
  readonly isDoubtful: boolean;
}

type Held = HeldAgainst['held'];

/**
 * The baseline first, with Holm's p over the others; variants without labels are left out.
 *
 * @param isRate whether effects are differences of rates, which error rates correct
 */
function variantErrors(
  measured: Measured,
  labelled: Labelled,
  { cut, isRate, alpha }: { readonly cut: number; readonly isRate: boolean; readonly alpha: number },
): readonly VariantErrors[] {
  const { variants } = labelled.facts.spec;
  const own = labelled.judgements(measured.scorer.id);
  const held = variants.map((_, place) => {
    const there = own.filter(({ variant }) => variant === place);
    return holdAgainst(measured, there, labelled.ratings).held;
  });
  // A judge of pairs has seen both answers, so its rows cannot show a bias for one side.
  const isPair = labelled.facts.spec.scorers.some(({ id, kind }) => id === measured.scorer.id && kind === 'pair');
  const found = held.map((there, place) => (place === 0 || isPair ? null : biasBetween(held[0]!, there)));
  const { p } = adjustP(
    found.flatMap((bias) => bias?.p ?? []),
    'holm',
  );
  const adjusted = found.map((bias, place) => {
    const before = found.slice(0, place).filter((one) => one !== null).length;
    return bias === null ? null : Object.freeze({ ...bias, p: p![before]! });
  });
  return variants.flatMap(({ name }, variant): VariantErrors[] => {
    const there = held[variant]!;
    if (there.length === 0) return [];
    const agreement = agreementOf(there, cut, alpha);
    const clusters = variant === 0 ? 0 : labelledClusters(measured, labelled, variant);
    const isCorrected =
      clusters >= MIN_LABELLED_PAIRS ||
      (variant > 0 && isRate && haveOwnRates(countsOf(held[0]!, cut), agreement.counts, alpha));
    return [Object.freeze({ variant, name, agreement, bias: adjusted[variant]!, clusters, isCorrected })];
  });
}

/** Clusters of examples with labels on both sides, on answers that differ, as `correctedMean` counts them. */
function labelledClusters(
  { scorer, field }: Measured,
  { facts, ratings, subjects }: Labelled,
  variant: number,
): number {
  const { examples, spec } = facts;
  const [baseline, side] = [subjects(scorer.id, 0) ?? [], subjects(scorer.id, variant) ?? []];
  // A failed run needs no label.
  const isLabelled = (subject: Subject): boolean =>
    subject === null || votesOf(ratings.get(scorer.id)?.get(subject!), field).length > 0;
  const areLabelled = (own: readonly Subject[]): boolean => own.length > 0 && own.every(isLabelled);
  const found = examples.filter((_, example) => {
    const places = Array.from({ length: spec.repeats }, (_, repeat) => example * spec.repeats + repeat);
    const [ones, others] = [baseline, side].map((all) =>
      places.map((at) => all[at]).filter((subject) => subject !== undefined),
    );
    return areLabelled(ones!) && areLabelled(others!) && places.some((at) => baseline[at] !== side[at]);
  });
  return new Set(found.map(({ id, cluster }) => JSON.stringify([cluster === null ? id : null, cluster]))).size;
}

/** By tag of the example, the most frequent first: where the scorer may be worse than on the whole. */
function slicesOf({ facts }: Labelled, held: Held, cut: number, alpha: number): readonly SliceErrors[] {
  const tags = new Map(facts.examples.map((example) => [example.id, example.tags]));
  const byTag = new Map<string, Held[number][]>();
  for (const one of held)
    for (const tag of tags.get(one.exampleId) ?? [])
      if (!SPLITS.some((split) => split === tag)) byTag.set(tag, [...(byTag.get(tag) ?? []), one]);
  const ranked = [...byTag]
    .filter(([, { length }]) => length >= CALIBRATION_LIMITS.sliceLabels && length < held.length)
    .sort(([one, ones], [other, others]) => others.length - ones.length || (one < other ? -1 : 1));
  return ranked.slice(0, CALIBRATION_LIMITS.sliceTags).map(([tag, there]) => {
    const { tp, fn, tn, fp } = countsOf(there, cut);
    return Object.freeze({
      tag,
      n: there.length,
      same: rateOf(tp + tn, there.length, alpha),
      sensitivity: rateOf(tp, tp + fn, alpha),
      specificity: rateOf(tn, tn + fp, alpha),
    });
  });
}

/** Below it, what is labelled is taken not to be like the rest. */
const SAMPLING_ALPHA = 0.01;

/** Null where either has too few, or nothing varies. */
function samplingOf(
  { scorer, field }: Measured,
  population: ReadonlyMap<string, Asked>,
  { ratings }: Labelled,
): Sampling | null {
  const [labelled, others]: [number[], number[]] = [[], []];
  for (const { subject, score } of population.values()) {
    const value = score?.[field];
    if (value === undefined) continue;
    const isLabelled = votesOf(ratings.get(scorer.id)?.get(subject), field).length > 0;
    (isLabelled ? labelled : others).push(value);
  }
  const { p } = welch(others, labelled, SAMPLING_ALPHA);
  if (p === null) return null;
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return Object.freeze({ labelled: meanOf(labelled), others: meanOf(others), p, isDoubtful: p < SAMPLING_ALPHA });
}

export interface FieldInput {
  readonly measured: Measured;
  readonly labelled: Labelled;
  /** What the scorer has scored here; of a human scorer, what waits for labels. */
  readonly population: ReadonlyMap<string, Asked>;
  /** By the same version, in other evaluations. */
  readonly elsewhere: readonly Judgement[];
  readonly isJudge: boolean;
  readonly alpha: number;
}

/** One score of a scorer held against labels. */
function fieldReport(input: FieldInput): FieldReport {
  const { measured, labelled, elsewhere, population, isJudge, alpha } = input;
  const { scorer, field, above } = measured;
  const own = labelled.judgements(scorer.id);
  const all = [...own, ...elsewhere];
  const { held, ties } = holdAgainst(measured, all, labelled.ratings);
  const cut = cutFor(measured, held);
  const { better, format } = scorer.fields[field]!;
  const subjects = new Set([...population.keys(), ...elsewhere.map(({ subject }) => subject)]);
  const ratings = [...(labelled.ratings.get(scorer.id) ?? [])].flatMap(([subject, given]) =>
    subjects.has(subject) ? [given] : [],
  );
  const scores = [...population.values()].flatMap(({ score }) => score?.[field] ?? []);
  const votes = ratings.flatMap((given) => votesOf(given, field));
  const isBinary = above !== null || [...scores, ...votes].every((value) => value === 0 || value === 1);
  const metrics = labelled.facts.spec.metrics.filter((metric) => measuresSame(metric, measured));
  const isRate = metrics.length === 0 ? isBinary : metrics.some(({ kind }) => kind === 'rate' || kind === 'share');
  const variants = variantErrors(measured, labelled, { cut, isRate, alpha });
  const isBiased = variants.some(({ bias, isCorrected }) => bias && bias.p < BIAS_ALPHA && !isCorrected);
  const numbers = {
    ...{ field, above, better, isBinary, ties, variants },
    format: above === null ? format : ('share' as const),
    raters: raterAgreement(ratings, field, isBinary),
    agreement: held.length === 0 ? null : agreementOf(held, cut, alpha),
    kappa: kappaInterval(held, alpha),
    table: held.length === 0 ? null : tableOf(held),
    slices: slicesOf(labelled, holdAgainst(measured, own, labelled.ratings).held, cut, alpha),
    sampling: samplingOf(measured, population, labelled),
    calibration: calibrationOf(measured, all, labelled.ratings, isBiased ? ['favours_a_variant'] : []),
  };
  const remedy = isJudge
    ? calibrationRemedy(numbers.calibration, { evaluationId: labelled.facts.evaluationId, scorer: scorer.id })
    : null;
  return Object.freeze({ ...numbers, remedy, sentences: fieldSentences(numbers, { isJudge }) });
}

/** Whether a metric is made of these scores, by this threshold. */
function measuresSame({ source, kind, above }: MetricSpec, measured: Measured): boolean {
  const isOfField = source.from === 'score' && source.scorer === measured.scorer.id && source.field === measured.field;
  return isOfField && (kind === 'share' ? (above ?? 0) : null) === measured.above;
}

export interface JudgeInput {
  readonly scorer: string;
  /** With all rows of the evaluation, as the population. */
  readonly labelled: Labelled;
  readonly population: Population;
  /** Labelled subjects that the same version has scored in other evaluations only. */
  readonly elsewhere: readonly Judgement[];
  /** Labelled subjects of scorers of its id that are of no known pipeline and version. */
  readonly unattributed: number;
}

/** Of two-sided intervals. */
const ALPHA = 0.05;

/** From an evaluation's rows and people's labels to what they say of one of its scorers. */
export function reportOnJudge({ scorer: id, labelled, population, elsewhere, unattributed }: JudgeInput): JudgeReport {
  const { facts, ratings } = labelled;
  const scorer = facts.spec.scorers.find((each) => each.id === id)!;
  const own = [...(ratings.get(id) ?? [])];
  const here = own.filter(([subject]) => population.subjects.has(subject)).length;
  const isLabelled = (field: string): boolean => own.some(([, labels]) => votesOf(labels, field).length > 0);
  const judges = isJudge(scorer);
  const fields = Object.keys(scorer.fields)
    .filter((field) => judges || isLabelled(field))
    .flatMap((field) => thresholdsOf(facts.spec.metrics, id, field).map((above) => ({ field, above })))
    .map(({ field, above }) =>
      fieldReport({
        measured: { scorer, field, above },
        labelled,
        population: population.subjects,
        elsewhere,
        isJudge: judges,
        alpha: ALPHA,
      }),
    );
  return Object.freeze({
    evaluationId: facts.evaluationId,
    scorer: id,
    kind: scorer.kind,
    isJudge: judges,
    model: judgeModel(scorer),
    version: facts.pins?.scorerVersions[id] ?? null,
    subjects: population.subjects.size,
    labels: Object.freeze({
      ...{ here, elsewhere: elsewhere.length, unscored: own.length - here - elsewhere.length },
      unattributed,
    }),
    fields: Object.freeze(fields),
  });
}

/** What metrics ask of a field, as comparisons calibrate it; without a metric the scores themselves. */
function thresholdsOf(metrics: readonly MetricSpec[], scorer: string, field: string): readonly (number | null)[] {
  const own = metrics.filter(
    ({ source }) => source.from === 'score' && source.scorer === scorer && source.field === field,
  );
  return own.length === 0
    ? [null]
    : [...new Set(own.map(({ kind, above }) => (kind === 'share' ? (above ?? 0) : null)))];
}

/** An evaluation's rows with its labels, from the store. */
export interface JudgedEvaluation {
  readonly labelled: Labelled;
  /** By scorer. */
  readonly populations: ReadonlyMap<string, Population>;
}

/** Reads all rows of an evaluation and keeps only what labels need. */
export async function loadJudged(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  { evaluationId, spec, pins }: EvaluationRow,
  ratings: Ratings,
): Promise<JudgedEvaluation> {
  const examples: LabelledFacts['examples'][number][] = [];
  for await (const { id, tags = [], cluster = null } of examplesOfPart(store, spec.dataset))
    examples.push({ id, tags, cluster });
  const labelled = createLabelled({ evaluationId, spec, pins, examples }, ratings);
  const populations = new Map(spec.scorers.map(({ id }) => [id, createPopulation(id)]));
  for await (const row of store.evaluations.eachResult(evaluationId, { scoresOnly: true })) {
    labelled.add(row);
    for (const population of populations.values()) population.add(row);
  }
  return { labelled, populations };
}
