/** A store in which all is well, and nothing has happened. */

import type { HealthParts } from '../../src/telemetry/health.ts';
import type { Collected } from '../../src/telemetry/metrics.ts';

const NONE = { count: 0, first: [] };

export const wellParts = (more: {
  readonly vitals?: Partial<HealthParts['store']['vitals']>;
  readonly temporal?: Partial<HealthParts['temporal']>;
  readonly monitors?: Awaited<ReturnType<HealthParts['store']['monitors']['health']>>;
}): HealthParts => ({
  store: {
    vitals: {
      answers: async () => undefined,
      workers: async () => 2,
      unscored: async () => NONE,
      idleEvaluations: async () => NONE,
      liveExperiments: async () => [],
      unendedRuns: async () => NONE,
      ...more.vitals,
    },
    monitors: { health: async () => more.monitors ?? [] } as unknown as HealthParts['store']['monitors'],
  },
  temporal: { answers: async () => undefined, runs: async () => true, ...more.temporal },
  runDeadlineMs: 600_000,
});

export const storeOf = (
  measures: Partial<Collected['store']['measures']> = {},
  vitals: Partial<Collected['store']['vitals']> = {},
): Collected['store'] => ({
  measures: {
    runs: async () => [],
    unfinished: async () => [],
    spending: async () => [],
    feedback: async () => [],
    experiments: async () => [],
    scoreTasks: async () => [],
    monitors: async () => [],
    evaluations: async () => [],
    ...measures,
  },
  vitals: wellParts({ vitals }).store.vitals,
  monitors: wellParts({}).store.monitors,
  traceExports: {
    counts: async () => ({ waiting: 0, oldestAgeMs: null, exported: 0, leftOut: 0, failed: 0 }),
  } as unknown as Collected['store']['traceExports'],
});
