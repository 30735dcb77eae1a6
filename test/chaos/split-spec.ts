/** Experiments on the pipeline of `split-steps`, and what it takes to start them. */
import type { AnyPipeline, AnyVariant } from '../../src/dsl/edit.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import type { ExperimentSpec, OnlineMetric, RolloutSettings, StopSettings } from '../../src/model/experiment-spec.ts';
import type { Scene } from './scene.ts';

export const by = 'chaos';
export const why = 'to be troubled';
const HOUR_MS = 3_600_000;

const metric = (name: string, source: OnlineMetric['source'], more: Partial<OnlineMetric> = {}): OnlineMetric => ({
  ...{ name, role: 'secondary', kind: 'mean', source, denominator: null, above: null, cap: null, quantile: null },
  ...{ better: 'lower', format: 'number', minimumEffect: null, margin: null, windowMs: 60_000, absent: 'missing' },
  ...more,
});

/** The first is of what the answer says, and so of runs that have one; the others are of every run. */
const METRICS: readonly OnlineMetric[] = [
  metric('second', { from: 'value', wiring: { $from: ['output', 'second'] } }, { role: 'primary' }),
  metric('failed', { from: 'run', field: 'failed' }, { kind: 'rate', format: 'share' }),
  metric('latency', { from: 'run', field: 'latencyMs' }),
];
export const METRICS_OF_RUNS = METRICS.length - 1;

export interface SplitOptions {
  readonly share?: number;
  /** Part of runs that may fail. */
  readonly ceiling?: number;
  readonly stop?: Partial<StopSettings>;
  readonly rollout?: Partial<RolloutSettings>;
}

export function splitSpec(name: string, variant: AnyVariant, options: SplitOptions = {}): ExperimentSpec {
  const { share = 1, ceiling = 0.9, stop, rollout } = options;
  return {
    ...{ format: 1, name, pipeline: variant.variantOf, assignVersion: 1, unit: null, unitName: 'user', target: null },
    ...{ layer: null, share, overrides: {}, scorers: [], metrics: METRICS },
    arms: [
      { name: 'baseline', weight: 0.5, edits: [] },
      { name: variant.name, weight: 0.5, edits: variant.edits },
    ],
    breaker: { ceiling, windowMs: 900_000 },
    stop: {
      ...{ method: 'stage_cs', alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8, minUnits: 50 },
      ...{ minDurationMs: HOUR_MS, maxDurationMs: 24 * HOUR_MS, lookEveryMs: HOUR_MS, graceMs: 0, ...stop },
    },
    rollout: { steps: [1], soakMs: HOUR_MS, unitsPerStep: 1_000_000, approval: 'auto', ...rollout },
  };
}

export const settingsOf = (spec: ExperimentSpec) =>
  freezeSettings(spec, { nStar: 5_000, vRefs: spec.metrics.map(() => 1) });

export const deploySplit = ({ runtime }: Pick<Scene, 'runtime'>, { id, plan }: AnyPipeline) =>
  runtime.client.deploy({ pipeline: id, plan, by, why });
