/** The parts of a field's report that look at some of its labels: by variant, by tag, and beside what has none. */

import { SPLITS } from '../../model/dataset.ts';
import { adjustP } from '../../stats/multiplicity.ts';
import { welch } from '../../stats/t-test.ts';
import { agreementOf, countsOf, rateOf } from './agreement.ts';
import { type HeldAgainst, holdAgainst, type Measured } from './calibration.ts';
import { MIN_LABELLED_PAIRS } from './corrected-effect.ts';
import { haveOwnRates } from './corrected-rates.ts';
import type { Sampling, SliceErrors, VariantErrors } from './judge-report.ts';
import type { Labelled, Subject } from './labelled.ts';
import { CALIBRATION_LIMITS } from './limits.ts';
import { votesOf } from './ratings.ts';
import type { Asked } from './sample.ts';
import { biasBetween } from './variant-bias.ts';

type Held = HeldAgainst['held'];

/**
 * The baseline first, with Holm's p over the others; variants without labels are left out.
 *
 * @param isRate whether effects are differences of rates, which error rates correct
 */
export function variantErrors(
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
  // A pair's judge has seen both: what it does to one side is not told by whose row it is in.
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
  // Of a run that failed nobody has to say anything.
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
export function slicesOf({ facts }: Labelled, held: Held, cut: number, alpha: number): readonly SliceErrors[] {
  const tags = new Map(facts.examples.map((example) => [example.id, example.tags]));
  const byTag = new Map<string, Held[number][]>();
  for (const one of held)
    for (const tag of tags.get(one.exampleId) ?? [])
      if (!SPLITS.some((split) => split === tag)) byTag.set(tag, [...(byTag.get(tag) ?? []), one]);
  const told = [...byTag]
    .filter(([, { length }]) => length >= CALIBRATION_LIMITS.sliceLabels && length < held.length)
    .sort(([one, ones], [other, others]) => others.length - ones.length || (one < other ? -1 : 1));
  return told.slice(0, CALIBRATION_LIMITS.sliceTags).map(([tag, there]) => {
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
export function samplingOf(
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
