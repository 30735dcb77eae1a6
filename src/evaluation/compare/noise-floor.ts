/** What an A/A evaluation tells: what difference comes of nothing, and so what difference can be seen at all. */
import type { ValueFormat } from '../../stats/reports.ts';
import type { CompareMethod, MissingPairs } from './compared-metric.ts';

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
  readonly method: CompareMethod | null;
  /** Mean difference of the two sides that are the same, and its interval. */
  readonly diff: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** Standard deviation of the differences of examples. */
  readonly sd: number | null;
  /** Share of examples whose two values differ. */
  readonly differing: number | null;
  /** No example differs: any difference between variants is theirs. */
  readonly isDeterministic: boolean;
  /** Whether the interval leaves out 0, which it should in 1 of 20 (at alpha 0.05) and not more. */
  readonly isBiased: boolean;
  /** Smallest difference that as many examples see with 80 % power. */
  readonly seen: readonly Detectable[];
  readonly missing: MissingPairs;
  readonly sentences: readonly string[];
}

/**
 * Two variants differ in more than noise: the scores of one go along with those of the other by some correlation, and
 * what is left is spread between their examples. `noise`: as if they differed in nothing but noise, the best there can be.
 */
export interface Detectable {
  readonly assuming: 'noise' | { readonly correlation: number };
  readonly mde: number | null;
  /** Examples that see the metric's declared effect (of a guardrail: that prove its margin); null where none is declared. */
  readonly nNeeded: number | null;
}
