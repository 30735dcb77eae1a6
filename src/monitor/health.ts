/** Whether monitors do what they are for: what waits is scored. For health checks, and for whoever is on call. */
import type { HealthRow } from '../store/monitor-results.ts';
import type { Store } from '../store/store.ts';

export interface MonitorHealth extends HealthRow {
  /** Runs have waited for longer than that, and nothing was scored in all that time: no worker does it, or each fails. */
  readonly isStalled: boolean;
}

/** A run is scored in seconds; a provider that holds its callers back does so for minutes. */
const STALLED_AFTER_MS = 10 * 60_000;

/** Of each monitor that runs. @throws what the store throws */
export async function monitorHealth(
  { monitors }: Pick<Store, 'monitors'>,
  stalledAfterMs: number = STALLED_AFTER_MS,
): Promise<readonly MonitorHealth[]> {
  return (await monitors.health()).map((row) => ({
    ...row,
    isStalled: row.waitingMs !== null && row.waitingMs > stalledAfterMs && row.sinceScoredMs > stalledAfterMs,
  }));
}
