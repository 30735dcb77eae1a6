/**
 * Whether a judge treats a variant otherwise than the baseline: its error, score minus label, on the answers of either. A
 * judge that likes one side's style passes any calibration over both, and decides wrongly between them.
 */
import { clusterDiff } from '../../stats/t-test.ts';
import type { Held, Interval } from './agreement.ts';

export interface VariantBias extends Interval {
  /** Two-sided; 1 where nothing varies. */
  readonly p: number;
}

/** The level at which a bias counts as found. */
export const BIAS_ALPHA = 0.05;

/** How much more it exceeds people on the variant's answers; null where there are too few labels to tell. */
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
