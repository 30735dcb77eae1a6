/**
 * What an evaluation could see, by what another of its name has shown: how much differences spread over its examples says
 * how large one has to be to be seen among more of them, or fewer.
 */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { examplesNeeded, minimumDetectableEffect, PLANNED_POWER } from '../../stats/sample-size.ts';
import { comparable, definitionDiffers, type PlacedSide } from './comparable.ts';
import { GUARDRAIL_ALPHA } from './guardrail.ts';
import { meanError } from './means.ts';
import { testColumns } from './measure.ts';
import { pairExamples, pairedValues } from './pairs.ts';
import type { Sheet } from './sheet.ts';

export interface Foreseen {
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
 * Of each metric, by the variant whose differences spread most. An A/A has no variants: there it is as if the scores of one
 * went along with the baseline's by 0.5.
 *
 * @param metrics as they are declared now; those that the sheet has otherwise, or not, are not known
 * @param examples how many the evaluation is to have
 */
export function foresee(sheet: Sheet, metrics: readonly MetricSpec[], examples: number): readonly Foreseen[] {
  const { evaluationId, spec } = sheet.facts;
  const [baseline, ...sides] = spec.variants.map((_, variant): PlacedSide => ({ evaluationId, variant, sheet }));
  return metrics.map((metric) => {
    const spreads = sides.map((side) => spreadOf(metric, baseline!, side)).filter((spread) => spread !== null);
    const widest = spreads.length === 0 ? null : Math.max(...spreads.map(({ sd }) => sd));
    const share =
      spreads.length === 0 ? 1 : Math.min(...spreads.map(({ pairs }) => pairs)) / sheet.facts.examples.length;
    return foreseen(metric, spec.alpha, widest, share, examples);
  });
}

/** Standard deviation of an example's difference, clusters reckoned in. */
function spreadOf(metric: MetricSpec, baseline: PlacedSide, side: PlacedSide) {
  const found = comparable(metric, baseline, side);
  if ('why' in found || definitionDiffers(metric, found.columns.right.metric) !== null) return null;
  const values = pairedValues(pairExamples(baseline.sheet, side.sheet), found.columns);
  const { se, pairs, why } = testColumns(values, found.columns, baseline.sheet.facts.spec.alpha);
  const isAlone = side.sheet.facts.spec.mode === 'aa' && found.columns.left !== null;
  const own = isAlone ? meanError(values.control, values.cluster) : null;
  const error = isAlone ? (own === null ? null : own.se * Math.sqrt(2 * (1 - ASSUMED_CORRELATION))) : se;
  if (error === null) return why?.code === 'no_variation' ? { sd: 0, pairs } : null;
  return { sd: error * Math.sqrt(pairs), pairs };
}

/** @param share of the examples that have a difference at all */
function foreseen(metric: MetricSpec, alpha: number, sd: number | null, share: number, examples: number): Foreseen {
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
