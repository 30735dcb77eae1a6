/** The sweeper of runs, over a store of one's own. */
import type { Client } from '@temporalio/client';
import { createCloseRun, createCountRun } from '../../activities/after-run.ts';
import { createSweepRuns, type SweepAges } from '../../activities/sweep.ts';
import { createExpose } from '../../src/boundary/boundary.ts';
import type { Store } from '../../src/store/store.ts';

export function sweeperOf(store: Store, temporal: Client, ages: SweepAges) {
  const countRun = createCountRun({ store, expose: createExpose(store.outcomes), wake: async () => undefined });
  return createSweepRuns(store.runs, createCloseRun(store, countRun), temporal, ages);
}
