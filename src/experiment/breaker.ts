/** The breaker of an experiment: whether a variant's runs fail more than its ceiling allows, in any of its windows. */

import type { BreakerCount } from '../model/look-data.ts';
import { breaker, breakerTrips } from '../stats/breaker.ts';

/** Whether one window's count trips it. */
export function isTripped({ requests, failures, window }: BreakerCount, ceiling: number): boolean {
  const evidence = breaker({ requests, failures, ceiling });
  return evidence.status === 'ok' && breakerTrips(evidence.logE, window);
}

/** Whether the variant has tripped in any window. */
export function hasTripped(counts: readonly BreakerCount[], arm: number, ceiling: number): boolean {
  return counts.some((count) => count.arm === arm && isTripped(count, ceiling));
}
