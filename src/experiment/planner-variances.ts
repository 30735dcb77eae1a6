/** How much units are expected to differ: what intervals are tuned to, measured before the experiment, or assumed. */

import type { ExperimentSpec, OnlineMetric } from '../model/experiment-spec.ts';
import { unitVariance } from '../stats/sample-size.ts';
import { lightestShare } from './planner-units.ts';

/** What is known of one metric's units before the experiment, in the metric's unit. */
export interface MetricBaseline {
  readonly mean: number;
  /** Of one unit's value; of a ratio, of its linearised value. */
  readonly variance: number;
}

/** A rate that nothing is known of: of failures and complaints most are rarer than this, so the sequence starts tight. */
const ASSUMED_RATE = 0.05;
/** Units' standard deviation as so many of the smallest effect, or of the margin, that anybody cares for. */
const ASSUMED_EFFECTS = 5;
/** Units' standard deviation where nothing at all is known, by how values read. */
const ASSUMED_DEVIATIONS = { number: 0.1, ms: 100, usd: 0.001 } as const;

/** Whether a metric's spread has to be assumed: nothing was measured, or everything measured was the same. */
export function isAssumed(baseline: MetricBaseline | null): boolean {
  return baseline === null || !(Number.isFinite(baseline.variance) && baseline.variance > 0);
}

/** n SE^2 of one unit, by metric. */
export function referenceVariances(
  spec: ExperimentSpec,
  baselines: readonly (MetricBaseline | null)[],
): readonly number[] {
  const share = lightestShare(spec);
  return Object.freeze(
    spec.metrics.map((metric, index) => {
      const baseline = baselines[index] ?? null;
      const variance = isAssumed(baseline) ? assumedVariance(metric) : baseline!.variance;
      return unitVariance(variance, share).v ?? variance;
    }),
  );
}

/**
 * A guess on the small side. A reference a hundred times too small makes intervals a sixth wider than they could be, one a
 * hundred times too large three times as wide; valid they are with either.
 */
function assumedVariance({ kind, format, minimumEffect, margin }: OnlineMetric): number {
  if (kind === 'rate' || kind === 'share' || format === 'share') return ASSUMED_RATE * (1 - ASSUMED_RATE);
  const scale = minimumEffect ?? margin;
  return (scale === null ? ASSUMED_DEVIATIONS[format] : ASSUMED_EFFECTS * scale) ** 2;
}
