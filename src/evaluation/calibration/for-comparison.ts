/**
 * What labels say of a comparison: which judges may decide, and which effects people would have found. Made to be handed to
 * `compareEvaluations` as it is.
 */

import { isJudge, type MetricSpec } from '../../model/evaluation-spec.ts';
import type { JudgeFlaw } from '../../stats/judges.ts';
import { adjustP } from '../../stats/multiplicity.ts';
import { comparable, type PlacedSide, scorerOf } from '../compare/comparable.ts';
import type { CompareInput, Correction, Uncorrected } from '../compare/compare.ts';
import type { Calibration } from '../compare/compared-metric.ts';
import { type Pairing, pairExamples } from '../compare/pairs.ts';
import type { Sheet } from '../compare/sheet.ts';
import { placeSides } from '../compare/sides.ts';
import { calibrationOf } from './calibration.ts';
import { correctedEffect, heldOn, measuredBy } from './correct-metric.ts';
import type { LabelledSide } from './judged-pairs.ts';
import type { Judgement, Labelled } from './labelled.ts';
import { BIAS_ALPHA, biasBetween } from './variant-bias.ts';

export interface LabelsInput extends Pick<CompareInput, 'sheets' | 'sides'> {
  /** One per sheet, with the same rows, and the labels of its own scorers. */
  readonly labelled: readonly Labelled[];
  /** By scorer: labelled subjects that the baseline's version of it has scored in other evaluations. */
  readonly elsewhere?: { readonly [scorer: string]: readonly Judgement[] };
}

/** @throws SluiceError as `compareEvaluations` */
export function labelsFor(input: LabelsInput): Required<Pick<CompareInput, 'judges' | 'corrections' | 'uncorrected'>> {
  const { corrections, uncorrected } = correctionsFor(input);
  const { scorers, metrics } = placeSides(input.sheets, input.sides)[0]!.sheet.facts.spec;
  const judges = metrics.flatMap((metric): [string, Calibration][] => {
    const measured = measuredBy(metric, scorers);
    const isOfJudge =
      measured !== undefined && scorers.some((scorer) => scorer.id === measured.scorer.id && isJudge(scorer));
    if (!isOfJudge) return [];
    const judgements = judgementsFor(input, measured.scorer.id);
    const own = favours(input, metric, corrections);
    return [[metric.name, calibrationOf(measured, judgements, input.labelled[0]!.ratings, own)]];
  });
  const ofJudges = Object.fromEntries(judges);
  // Where nothing that the judge has scored has a label, that is what its calibration says.
  const warned = uncorrected.filter(({ metric }) => (ofJudges[metric]?.labels ?? 0) > 0);
  return { judges: ofJudges, corrections, uncorrected: warned };
}

function correctionsFor(input: LabelsInput): Required<Pick<CompareInput, 'corrections' | 'uncorrected'>> {
  const [baseline, ...others] = placeSides(input.sheets, input.sides) as [PlacedSide, ...PlacedSide[]];
  const { metrics, alpha } = baseline.sheet.facts.spec;
  // Variants of one evaluation have the same examples.
  const pairings = new Map<Sheet, Pairing>();
  const pairingWith = ({ sheet }: PlacedSide): Pairing => {
    const pairing = pairings.get(sheet) ?? pairExamples(baseline.sheet, sheet);
    pairings.set(sheet, pairing);
    return pairing;
  };
  const found = others.flatMap((side, index) => {
    const pairing = pairingWith(side);
    return metrics.flatMap((metric): (Correction | Uncorrected)[] => {
      const found = comparable(metric, baseline, side);
      const scorer = scorerOf(metric);
      if ('why' in found || scorer === null) return [];
      const corrected = correctedEffect({
        pairing,
        columns: found.columns,
        baseline: labelledSide(input, baseline),
        side: labelledSide(input, side),
        judgements: judgementsFor(input, scorer),
        alpha,
      });
      return corrected === null ? [] : [Object.freeze({ ...corrected, side: index + 1, metric: metric.name })];
    });
  });
  return {
    corrections: found.flatMap((one) => ('why' in one ? [] : [one])),
    uncorrected: found.flatMap((one) => ('why' in one ? [one] : [])),
  };
}

function labelledSide({ labelled }: LabelsInput, { evaluationId, variant }: PlacedSide): LabelledSide {
  return { labelled: labelled.find(({ facts }) => facts.evaluationId === evaluationId)!, variant };
}

/** By the version that the baseline's evaluation has of the scorer: others' say nothing of it. */
function judgementsFor({ labelled, sides, elsewhere = {} }: LabelsInput, scorer: string): readonly Judgement[] {
  const baseline = labelled.find(({ facts }) => facts.evaluationId === sides[0]!.evaluationId)!;
  const isAlike = ({ facts: { pins, spec } }: Labelled): boolean =>
    spec.pipeline === baseline.facts.spec.pipeline &&
    pins?.scorerVersions[scorer] === baseline.facts.pins?.scorerVersions[scorer];
  const alike = labelled.filter(isAlike);
  const own = [baseline, ...alike.filter((one) => one !== baseline)].flatMap((one) => one.judgements(scorer));
  return [...own, ...(elsewhere[scorer] ?? [])];
}

/** A judge that treats two sides differently decides nothing between them, unless labels of either side correct it. */
function favours(input: LabelsInput, metric: MetricSpec, corrections: readonly Correction[]): readonly JudgeFlaw[] {
  const [baseline, ...others] = placeSides(input.sheets, input.sides).map((side) => labelledSide(input, side)) as [
    LabelledSide,
    ...LabelledSide[],
  ];
  const measured = measuredBy(metric, baseline.labelled.facts.spec.scorers)!;
  const found = others.map((side) => biasBetween(heldOn(baseline, measured), heldOn(side, measured)));
  const adjusted = adjustP(
    found.map((bias) => bias?.p ?? 1),
    'holm',
  ).p!;
  const isCorrected = (side: number): boolean =>
    corrections.some((one) => one.side === side && one.metric === metric.name && one.method !== 'rogan_gladen_pooled');
  const isLeft = adjusted.some((p, index) => p < BIAS_ALPHA && !isCorrected(index + 1));
  return isLeft ? ['favours_a_variant'] : [];
}
