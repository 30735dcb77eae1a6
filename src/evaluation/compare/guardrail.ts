/**
 * Whether a guardrail is proven harmless: by one-sided bounds of the harm, against the margin that was declared. That
 * nothing was found proves nothing.
 */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { formatDifference } from '../../stats/format-value.ts';
import { orientGuardrail } from '../../stats/gate.ts';
import { type ExamplesNeeded, examplesNeeded, MIN_UNITS_FOR_VERDICT } from '../../stats/sample-size.ts';
import type { CorrectedEffect, GuardrailResult, MetricSide } from './compared-metric.ts';
import type { PairTest } from './test-pairs.ts';

/** One-sided, of the bound that the harm is below; that it is above is shared out over all guardrails and sides. */
export const GUARDRAIL_ALPHA = 0.05;
/** Pairs that are all equal are proof where, with the confidence above, fewer examples than these differ. */
const MAX_DIFFERING_SHARE = 0.05;

export interface GuardrailInput {
  readonly metric: MetricSpec;
  readonly test: PairTest;
  /** Why nothing is decided; null where it may be. */
  readonly why: MetricSide['why'];
  /** Guardrails times sides. */
  readonly family: number;
  /** From the worst to the best score; null without a scale. */
  readonly range: number | null;
}

export type GuardrailNumbers = Omit<GuardrailResult, 'sentences'>;

export function judgeGuardrail({ metric, test, why, family, range }: GuardrailInput): GuardrailNumbers {
  const { better } = metric;
  const margin = metric.margin ?? 0;
  const [loAlpha, hiAlpha] = [GUARDRAIL_ALPHA / Math.max(1, family), GUARDRAIL_ALPHA];
  const none = {
    status: 'unproven',
    lo: null,
    hi: null,
    loAlpha,
    hiAlpha,
    margin,
    isIdentical: false,
    ...neededOf(null),
  } as const;
  if (isIdentical(test, why)) {
    const differing = 1 - hiAlpha ** (1 / test.units);
    const hi = range === null ? null : differing * range;
    const isProven = hi === null ? differing < MAX_DIFFERING_SHARE : hi < margin;
    return {
      ...none,
      status: isProven ? 'proven' : 'unproven',
      hi,
      isIdentical: true,
      ...neededOf(isProven ? null : identicalNeeded(test, margin, range)),
    };
  }
  // One-sided at a level is one end of two-sided at twice that level.
  const lo = orientGuardrail(test.intervalAt(2 * loAlpha) ?? { lo: null, hi: null }, better).lo;
  const hi = orientGuardrail(test.intervalAt(2 * hiAlpha) ?? { lo: null, hi: null }, better).hi;
  if (why !== null || lo === null || hi === null) return { ...none, lo, hi };
  if (lo > margin) return { ...none, status: 'harmed', lo, hi };
  if (hi < margin) return { ...none, status: 'proven', lo, hi };
  return { ...none, lo, hi, ...neededOf(examplesNeeded({ ...test, effect: margin, alpha: 2 * hiAlpha })) };
}

function neededOf(needed: ExamplesNeeded | null): Pick<GuardrailNumbers, 'nNeeded' | 'neededFor'> {
  if (needed === null) return { nNeeded: null, neededFor: null };
  const { examples, ...of } = needed;
  return { nNeeded: examples, neededFor: Object.freeze({ ...of, isDeclared: true }) };
}

export interface HeldByLabels {
  readonly found: GuardrailNumbers;
  /** Why labels overrule the scores, as a clause; null where they do not. */
  readonly why: string | null;
}

/**
 * What scores prove, labels have to prove as well: a judge may favour the variant. Their interval has two sides, which asks
 * a little more of each.
 */
export function heldByLabels(
  found: GuardrailNumbers,
  corrected: CorrectedEffect | null,
  { better, format }: Pick<MetricSpec, 'better' | 'format'>,
): HeldByLabels {
  if (corrected === null || found.status === 'unproven') return { found, why: null };
  const { lo, hi } = orientGuardrail(corrected, better);
  const { status, margin } = found;
  if (status === 'proven' ? hi! < margin : lo! > margin) return { found, why: null };
  const show = (value: number): string => formatDifference(value, format);
  const why =
    status === 'proven'
      ? `by the labels it may be ${show(hi!)} worse, ${show(margin)} allowed`
      : `its scores show harm, and the labels do not`;
  return { found: { ...found, status: 'unproven' }, why };
}

/** No pair differs at all: no error can be estimated, but that so many are equal is evidence of its own. */
const isIdentical = ({ effect, units }: PairTest, why: MetricSide['why']): boolean =>
  why?.code === 'no_variation' && effect.diff === 0 && units >= MIN_UNITS_FOR_VERDICT;

/** Equal pairs that would be proof; of clusters whole ones, since what they have in common may be all that is equal. */
function identicalNeeded({ pairs, units }: PairTest, margin: number, range: number | null): ExamplesNeeded | null {
  const share = range === null ? MAX_DIFFERING_SHARE : margin / range;
  if (!(share > 0 && share < 1)) return null;
  const needed = Math.floor(Math.log(GUARDRAIL_ALPHA) / Math.log1p(-share)) + 1;
  const isClustered = units < pairs;
  return {
    examples: Math.ceil((needed * pairs) / units),
    effect: margin,
    clusters: isClustered ? needed : null,
    designEffect: isClustered ? pairs / units : null,
  };
}
