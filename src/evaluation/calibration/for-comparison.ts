/**
 * What labels say of a comparison: which judges may decide, and which effects people would have found. Made to be handed to
 * `compareEvaluations` as it is.
 */

import { isJudge, type MetricSpec } from '../../model/evaluation-spec.ts';
import type { JudgeFlaw } from '../../stats/judges.ts';
import { adjustP } from '../../stats/multiplicity.ts';
import type { CompareInput, Correction, Uncorrected } from '../compare/compare.ts';
import type { Calibration } from '../compare/comparison-report.ts';
import { type Pairing, pairExamples } from '../compare/pairs.ts';
import type { ScoreMatrix } from '../compare/score-matrix.ts';
import { comparable, type PlacedSide, placeSides, scorerOf } from '../compare/sides.ts';
import { BIAS_ALPHA, biasBetween, calibrationOf } from './agreement.ts';
import { correctedEffect, heldOn, type LabelledSide, measuredBy } from './correct-metric.ts';
import type { Judgement, Labelled } from './labelled.ts';

export interface LabelsInput extends Pick<CompareInput, 'matrices' | 'sides'> {
  /** One per score matrix, with the same rows, and the labels of its own scorers. */
  readonly labelled: readonly Labelled[];
  /** By scorer: labelled subjects that the baseline's version of it has scored in other evaluations. */
  readonly elsewhere?: { readonly [scorer: string]: readonly Judgement[] };
}

/** @throws SluiceError as `compareEvaluations` */
export function labelsFor(input: LabelsInput): Required<Pick<CompareInput, 'judges' | 'corrections' | 'uncorrected'>> {
  const { corrections, uncorrected } = correctionsFor(input);
  const { scorers, metrics } = placeSides(input.matrices, input.sides)[0]!.matrix.facts.spec;
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
  const [baseline, ...others] = placeSides(input.matrices, input.sides) as [PlacedSide, ...PlacedSide[]];
  const { metrics, alpha } = baseline.matrix.facts.spec;
  // Variants of one evaluation have the same examples.
  const pairings = new Map<ScoreMatrix, Pairing>();
  const pairingWith = ({ matrix }: PlacedSide): Pairing => {
    const pairing = pairings.get(matrix) ?? pairExamples(baseline.matrix, matrix);
    pairings.set(matrix, pairing);
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
  const [baseline, ...others] = placeSides(input.matrices, input.sides).map((side) => labelledSide(input, side)) as [
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
