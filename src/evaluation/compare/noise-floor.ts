/**
 * What an A/A evaluation shows: the difference that noise alone makes, and so the smallest detectable effect. The
 * correlation between two different variants' scores is not known beforehand, so effects are given for several.
 */
import { SluiceError } from '../../base/errors.ts';
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { explain } from '../../stats/explain.ts';
import type { ValueFormat } from '../../stats/explained-report.ts';
import { examplesNeeded, minimumDetectableEffect, PLANNED_POWER } from '../../stats/sample-size.ts';
import type { CompareMethod, MissingPairs } from './comparison-report.ts';
import { GUARDRAIL_ALPHA } from './conclude.ts';
import { countOutcomes, type PairTest, testColumns, whyUndecided } from './measure.ts';
import { missingPairs } from './missing.ts';
import { type PairedColumns, type Pairing, pairExamples, pairedValues } from './pairs.ts';
import { meanError, type ScoreMatrix } from './score-matrix.ts';
import { comparable, definitionDiffers, type PlacedSide } from './sides.ts';

export interface NoiseFloor {
  readonly evaluationId: string;
  readonly alpha: number;
  /** What `mde` and `nNeeded` are computed for. */
  readonly power: number;
  readonly metrics: readonly MetricNoise[];
}

export interface MetricNoise {
  readonly metric: string;
  readonly format: ValueFormat;
  readonly pairs: number;
  /** Examples, or clusters. */
  readonly units: number;
  readonly method: CompareMethod;
  /** Mean difference of the two sides that are the same, and its interval. */
  readonly diff: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** Standard deviation of the differences of examples; of clusters, what it would be for their error to be the same. */
  readonly sd: number | null;
  /** Share of examples that differ. */
  readonly differing: number | null;
  /** No example differs: any difference between variants is theirs. */
  readonly isDeterministic: boolean;
  /** Whether the interval leaves out 0, which chance does in 1 of 20 (at alpha 0.05). */
  readonly isBiased: boolean;
  readonly seen: readonly Detectable[];
  readonly missing: MissingPairs;
  /** `explain()`'s. */
  readonly sentences: readonly string[];
}

/**
 * What can be seen of two variants. Correlation null: they differ in such noise alone, the best there can be. Else the
 * scores of one go along with those of the other so far, and what is left is spread between their examples.
 */
export interface Detectable {
  readonly correlation: number | null;
  /** Smallest difference that as many examples see; null where nothing varies. */
  readonly mde: number | null;
  /** Examples that see the declared effect (of a guardrail: that prove its margin); null where none is declared. */
  readonly nNeeded: number | null;
  /** Clusters that hold them; null without clusters. */
  readonly clusters: number | null;
}

/** The one that is reckoned with first, and two around it. */
const CORRELATIONS = [0.5, 0, 0.8] as const;

/** @throws SluiceError `not_aa` for an evaluation of different plans */
export function noiseFloor(matrix: ScoreMatrix): NoiseFloor {
  const { evaluationId, spec } = matrix.facts;
  const [first, second] = spec.variants;
  if (first === undefined || second === undefined || first.planId !== second.planId) {
    throw new SluiceError('not_aa', {
      message: `${evaluationId} compares different plans: what they differ in is more than noise`,
      remedy: 'evaluate the baseline against itself: sluice eval run NAME --aa',
      data: { evaluationId },
    });
  }
  const pairing = pairExamples(matrix, matrix);
  const metrics = spec.metrics.map((metric) => noiseOf(metric, matrix, pairing));
  return Object.freeze({ evaluationId, alpha: spec.alpha, power: PLANNED_POWER, metrics: Object.freeze(metrics) });
}

function noiseOf(metric: MetricSpec, matrix: ScoreMatrix, pairing: Pairing): MetricNoise {
  const { alpha } = matrix.facts.spec;
  const left = metric.kind === 'win-rate' ? null : matrix.column(0, metric.name)!;
  const columns: PairedColumns = { metric, left, right: matrix.column(1, metric.name)! };
  const values = pairedValues(pairing, columns);
  const test = testColumns(values, columns, alpha);
  const missing = missingPairs(pairing, columns);
  const { pairs, units, method, effect } = test;
  const { wins, losses } = countOutcomes(values, metric);
  const differing = pairs === 0 ? null : (wins + losses) / pairs;
  const between = left === null ? null : (meanError(values.control, values.cluster)?.se ?? null);
  const seen = seenBy(metric, test, between, alpha);
  const why = whyUndecided(test, missing);
  const isKnown = why === null || why.code === 'no_variation';
  const { name, format } = metric;
  const sentences = explain({
    kind: 'noise',
    metric: name,
    format,
    examples: pairs,
    alpha,
    power: PLANNED_POWER,
    why: isKnown ? null : why.words,
    effect,
    differing,
    seen,
    declared: declaredOf(metric),
  });
  return Object.freeze({
    metric: name,
    format,
    pairs,
    units,
    method,
    ...effect,
    sd: sdOf(test),
    differing,
    isDeterministic: differing === 0,
    isBiased: effect.lo !== null && effect.hi !== null && (effect.lo > 0 || effect.hi < 0),
    seen,
    missing,
    sentences,
  });
}

/** Nothing varies: 0. Too few to tell: null. */
function sdOf({ se, pairs, effect }: PairTest): number | null {
  if (se === null) return pairs >= 2 && effect.diff !== null ? 0 : null;
  return se * Math.sqrt(pairs);
}

const declaredOf = ({ role, minimumEffect, margin }: MetricSpec): number | null =>
  role === 'guardrail' ? margin : minimumEffect;

/** @param between standard error of the baseline's own mean; null where nothing varies, or it has none of its own */
function seenBy(
  metric: MetricSpec,
  { se, pairs, units, designEffect }: PairTest,
  between: number | null,
  alpha: number,
): readonly Detectable[] {
  const declared = declaredOf(metric);
  const planAlpha = metric.role === 'guardrail' ? 2 * GUARDRAIL_ALPHA : alpha;
  const detectable = (correlation: number | null, error: number | null): Detectable => {
    const needed = examplesNeeded({ se: error, pairs, units, designEffect, effect: declared, alpha: planAlpha });
    return Object.freeze({
      correlation,
      mde: mdeOf(error, alpha),
      nNeeded: needed?.examples ?? null,
      clusters: needed?.clusters ?? null,
    });
  };
  // The variance of a difference of two that vary alike: 2 (1 - correlation) times that of one.
  const spread = CORRELATIONS.map((correlation) =>
    detectable(correlation, between === null ? null : between * Math.sqrt(2 * (1 - correlation))),
  );
  return Object.freeze([detectable(null, se), ...spread]);
}

/** Of an effect whose standard error is this, whatever made it. */
function mdeOf(se: number | null, alpha: number): number | null {
  if (se === null || !(se > 0)) return null;
  return minimumDetectableEffect({ sd0: se, sd1: 0, n0: 1, n1: 1, alpha, power: PLANNED_POWER }).mde;
}

/**
 * What an evaluation could see, by what another of its name has shown: how much differences spread over its examples says
 * how large one has to be to be seen among more of them, or fewer.
 */
export interface DetectableEffect {
  readonly metric: MetricSpec;
  /** The effect that is declared worth seeing, or the margin; null: none. */
  readonly declared: number | null;
  /** Smallest difference seen in 80 % of evaluations of this size; 0 where nothing has varied, null where it is not known. */
  readonly mde: number | null;
  /** Examples that see what is declared. */
  readonly nNeeded: number | null;
}

/** Of the scores of two variants, where only one is known: what is left of its spread is that of their difference. */
const ASSUMED_CORRELATION = 0.5;

/**
 * Per metric, for the variant with the largest spread of differences. An A/A evaluation has no variants: it assumes a
 * correlation of 0.5 with the baseline.
 *
 * @param metrics as declared now; metrics that the score matrix lacks, or declares otherwise, are unknown
 * @param examples planned number of examples
 */
export function detectableEffects(
  matrix: ScoreMatrix,
  metrics: readonly MetricSpec[],
  examples: number,
): readonly DetectableEffect[] {
  const { evaluationId, spec } = matrix.facts;
  const [baseline, ...sides] = spec.variants.map((_, variant): PlacedSide => ({ evaluationId, variant, matrix }));
  return metrics.map((metric) => {
    const spreads = sides.map((side) => spreadOf(metric, baseline!, side)).filter((spread) => spread !== null);
    const widest = spreads.length === 0 ? null : Math.max(...spreads.map(({ sd }) => sd));
    const share =
      spreads.length === 0 ? 1 : Math.min(...spreads.map(({ pairs }) => pairs)) / matrix.facts.examples.length;
    return detectableEffect(metric, spec.alpha, widest, share, examples);
  });
}

/** Standard deviation of an example's difference, clusters reckoned in. */
function spreadOf(metric: MetricSpec, baseline: PlacedSide, side: PlacedSide) {
  const found = comparable(metric, baseline, side);
  if ('why' in found || definitionDiffers(metric, found.columns.right.metric) !== null) return null;
  const values = pairedValues(pairExamples(baseline.matrix, side.matrix), found.columns);
  const { se, pairs, why } = testColumns(values, found.columns, baseline.matrix.facts.spec.alpha);
  const isAlone = side.matrix.facts.spec.mode === 'aa' && found.columns.left !== null;
  const own = isAlone ? meanError(values.control, values.cluster) : null;
  const error = isAlone ? (own === null ? null : own.se * Math.sqrt(2 * (1 - ASSUMED_CORRELATION))) : se;
  if (error === null) return why?.code === 'no_variation' ? { sd: 0, pairs } : null;
  return { sd: error * Math.sqrt(pairs), pairs };
}

/** @param share of the examples that have a difference at all */
function detectableEffect(
  metric: MetricSpec,
  alpha: number,
  sd: number | null,
  share: number,
  examples: number,
): DetectableEffect {
  const isGuardrail = metric.role === 'guardrail';
  const declared = isGuardrail ? metric.margin : metric.minimumEffect;
  const pairs = Math.floor(share * examples);
  if (sd === null || pairs === 0) return { metric, declared, mde: null, nNeeded: null };
  const level = isGuardrail ? 2 * GUARDRAIL_ALPHA : alpha;
  const se = sd / Math.sqrt(pairs);
  const needed = examplesNeeded({ se, pairs, units: pairs, designEffect: null, effect: declared, alpha: level });
  return {
    metric,
    declared,
    mde:
      sd === 0 ? 0 : minimumDetectableEffect({ sd0: se, sd1: 0, n0: 1, n1: 1, alpha: level, power: PLANNED_POWER }).mde,
    nNeeded: needed === null ? null : Math.ceil(needed.examples / share),
  };
}
