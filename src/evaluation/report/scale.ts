/** Ends between which a metric is drawn when several are shown in one picture. */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { scaleOf } from '../compare/missing.ts';
import type { Sheet } from '../compare/sheet.ts';
import type { ReportedColumn, ReportedScale } from './data.ts';

/** Of values without a declared scale: what lies beyond is drawn at the end. */
const SEEN = { from: 0.05, to: 0.95 };

/**
 * The declared ends, where there are any: two scores that hardly differ then look so. Without them what 9 of 10 values of
 * all sides lie between, of examples and not of means, for the same reason.
 */
export function scaleFor(
  metric: MetricSpec,
  { facts }: Sheet,
  sides: readonly (ReportedColumn | null)[],
): ReportedScale | null {
  const declared = scaleOf(metric, facts.spec);
  if (declared !== null) return Object.freeze({ ...declared, from: 'declared' });
  const values = Float64Array.from(sides.flatMap((side) => (side === null ? [] : [...side.values])))
    .filter((value) => !Number.isNaN(value))
    .sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))]!;
  if (values.length === 0 || at(SEEN.from) === at(SEEN.to)) return null;
  const [low, high] = [at(SEEN.from), at(SEEN.to)];
  const [worst, best] = metric.better === 'higher' ? [low, high] : [high, low];
  return Object.freeze({ worst, best, from: 'seen' });
}
