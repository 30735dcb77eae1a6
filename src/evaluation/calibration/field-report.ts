/** One score of a scorer held against labels. */
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { agreementOf, kappaInterval, tableOf } from './agreement.ts';
import { calibrationOf, cutFor, holdAgainst, type Measured } from './calibration.ts';
import { samplingOf, slicesOf, variantErrors } from './field-parts.ts';
import type { FieldReport } from './judge-report.ts';
import type { Judgement, Labelled } from './labelled.ts';
import { raterAgreement } from './raters.ts';
import { votesOf } from './ratings.ts';
import type { Asked } from './sample.ts';
import { BIAS_ALPHA } from './variant-bias.ts';
import { calibrationRemedy, fieldSentences } from './words.ts';

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

export function fieldReport(input: FieldInput): FieldReport {
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
