/** The health of what an API is made with. */
import { createTemporalProbe, type Health, watchHealth } from '../telemetry/health.ts';
import type { ServerDependencies } from './environment.ts';

/** As `SLUICE_RUN_DEADLINE_MS` has it where nobody says. */
const RUN_DEADLINE_MS = 600_000;

export function healthFor({ runtime, runDeadlineMs = RUN_DEADLINE_MS }: ServerDependencies): () => Promise<Health> {
  const { store, connection, temporal, diskSpace } = runtime;
  return watchHealth({
    store,
    runDeadlineMs,
    diskSpace,
    temporal: createTemporalProbe(connection, temporal.namespace),
  });
}
