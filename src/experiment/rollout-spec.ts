/**
 * What `rollout start` asks for: a variant that is meant to be served is given to more and more of the traffic, and taken
 * back where it does harm. A small part of it stays split in halves, since only against the baseline of the same days harm is
 * seen. There is no primary metric: nothing has to be better.
 */

import { ASSIGN_VERSION } from '../model/assign.ts';
import { EXPERIMENT_FORMAT, type ExperimentSpec, type OnlineMetric } from '../model/experiment-spec.ts';
import type { NodeEdit } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';

export interface RolloutRequest {
  readonly pipeline: string;
  readonly variant: { readonly name: string; readonly edits: readonly NodeEdit[] };
  /** The part of all units that stays split in halves, above 0 and at most 1. */
  readonly share: number;
  /** Parts of the other traffic, rising, the last of them 1. */
  readonly steps: readonly number[];
  /** Each step lasts at least so long. */
  readonly soakMs: number;
}

export const ROLLOUT_DEFAULTS = {
  share: 0.1,
  steps: [0.1, 0.25, 0.5, 1],
  soakMs: 3_600_000,
  /** Units of the share that have to mature on each step: fewer say nothing. */
  unitsPerStep: 50,
} as const;

const MINUTE_MS = 60_000;
const RUN_WINDOW_MS = 10 * MINUTE_MS;
/** Shorter than that of experiments: each step waits for it, and most people who say something say it at once. */
const FEEDBACK_WINDOW_MS = 60 * MINUTE_MS;
/** People wait so long and no longer. */
const SLOW_MS = 4_000;
const LONGEST_BETWEEN_LOOKS_MS = 5 * MINUTE_MS;
const LOOKS_PER_SOAK = 4;

/** @returns the spec of an experiment of kind `rollout`, its metrics guardrails and what is only shown */
export function rolloutSpec({ pipeline, variant, share, steps, soakMs }: RolloutRequest): ExperimentSpec {
  const lookEveryMs = Math.round(Math.min(LONGEST_BETWEEN_LOOKS_MS, Math.max(LIMITS.lookMs, soakMs / LOOKS_PER_SOAK)));
  return Object.freeze({
    ...{ format: EXPERIMENT_FORMAT, name: `${pipeline}-${variant.name}`, pipeline },
    ...{ assignVersion: ASSIGN_VERSION, unit: null, unitName: 'user', target: null, layer: null, share },
    arms: [
      { name: 'baseline', weight: 0.5, edits: [] },
      { name: variant.name, weight: 0.5, edits: variant.edits },
    ],
    ...{ overrides: {}, scorers: [], metrics: METRICS },
    breaker: { ceiling: 0.25, windowMs: 15 * MINUTE_MS },
    stop: {
      ...{ method: 'stage_cs' as const, alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8 },
      ...{ minUnits: 50, minDurationMs: 0, maxDurationMs: 28 * 24 * 60 * MINUTE_MS, lookEveryMs, graceMs: 5_000 },
    },
    rollout: { steps: [...steps], soakMs, unitsPerStep: ROLLOUT_DEFAULTS.unitsPerStep, approval: 'auto' as const },
  });
}

const METRIC: OnlineMetric = {
  ...{ name: '', role: 'guardrail', kind: 'rate', source: { from: 'run', field: 'failed' }, denominator: null },
  ...{ above: null, cap: null, quantile: null, better: 'lower', format: 'share', minimumEffect: null, margin: null },
  ...{ windowMs: RUN_WINDOW_MS, absent: 'missing' },
};

const METRICS: readonly OnlineMetric[] = [
  { ...METRIC, name: 'failed', margin: 0.01 },
  {
    ...{ ...METRIC, name: 'slow', kind: 'share', source: { from: 'run', field: 'latencyMs' } },
    ...{ above: SLOW_MS, margin: 0.02 },
  },
  {
    ...{ ...METRIC, name: 'thumbs-down', source: { from: 'feedback', field: 'down' }, margin: 0.02 },
    ...{ windowMs: FEEDBACK_WINDOW_MS, absent: 'zero' },
  },
  {
    ...{ ...METRIC, name: 'latency', role: 'secondary', kind: 'mean', source: { from: 'run', field: 'latencyMs' } },
    format: 'ms',
  },
  {
    ...{ ...METRIC, name: 'cost', role: 'secondary', kind: 'mean', source: { from: 'run', field: 'costUsd' } },
    format: 'usd',
  },
];
