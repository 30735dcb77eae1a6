/** One metric of one side, corrected by the labels that there are: by the best method that they suffice for. */

import type { MetricSpec, ScorerSpec } from '../../model/evaluation-spec.ts';
import type { CorrectedEffect } from '../compare/compared-metric.ts';
import { scaleOf } from '../compare/missing.ts';
import { EVEN, type PairedColumns, type Pairing } from '../compare/pairs.ts';
import { type Counts, countsOf } from './agreement.ts';
import { cutFor, type HeldAgainst, holdAgainst, type Measured } from './calibration.ts';
import { correctedMean, countLabelledClusters, MIN_LABELLED_PAIRS } from './corrected-effect.ts';
import { areEnough, correctedRates, MIN_CLASS_LABELS, type RateErrors } from './corrected-rates.ts';
import { type JudgedPair, judgedPairs, type LabelledSide } from './judged-pairs.ts';
import type { Judgement } from './labelled.ts';
import { BIAS_ALPHA, biasBetween } from './variant-bias.ts';

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

/** A side's own judgements beside people's. */
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
