/** An experiment whose looks take milliseconds, on a pipeline that need not run: exposures and outcomes are fed to the store. */
import { z } from 'zod';
import { freezeSettings } from '../../src/experiment/method.ts';
import { outcomeSettings } from '../../src/experiment/run-outcomes.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import { type ExperimentSpec, type OnlineMetric, VALUE_SCALE } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { Store } from '../../src/store/store.ts';

const Text = z.object({ text: z.string() });
const speak = defineStep('speak', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ voice: z.string().default('plain') }),
  effect: 'read',
  policy: { attempts: 1, timeout: '2 seconds' },
});
const pipelineOf = (id: string) =>
  definePipeline(id, Text)
    .step('said', speak, ({ input }) => ({ text: input.text }))
    .step('heard', speak, ({ said }) => ({ text: said.text }))
    .output(Text, ({ heard }) => ({ text: heard.text }));

export const planFor = (pipeline: string): Plan => pipelineOf(pipeline).plan;

/** Each experiment has a pipeline of its own, so that none sees another. */
export async function deploy(store: Store, pipeline: string): Promise<void> {
  const plan = planFor(pipeline);
  await store.plans.put(planId(plan), plan);
  await store.deployments.deploy({
    ...{ pipeline, planId: planId(plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy' },
    ...{ by: 'test', why: 'to begin with', restaged: [], expected: await store.experiments.version(pipeline) },
  });
}

const WINDOW_MS = 1;
const metric = (name: string, more: Partial<OnlineMetric>): OnlineMetric => ({
  ...{ name, role: 'secondary', kind: 'mean', source: { from: 'run', field: 'latencyMs' } },
  ...{ denominator: null, above: null, cap: null, quantile: null },
  ...{ better: 'lower', format: 'number', minimumEffect: null, margin: null, windowMs: WINDOW_MS, absent: 'missing' },
  ...more,
});

export interface Asked {
  readonly lookEveryMs?: number;
  readonly graceMs?: number;
  readonly maxDurationMs?: number;
  readonly rollout?: Partial<ExperimentSpec['rollout']>;
  readonly voice?: string;
  /** Of which node; default `said`. */
  readonly node?: string;
  /** Default `<name>-on`. */
  readonly pipeline?: string;
  /** Sampled runs are scored beside it: of none. */
  readonly isScored?: true;
}

/** On a pipeline of two nodes; its looks take all that has come of a unit by now. */
export function specOf(name: string, asked: Asked = {}): ExperimentSpec {
  const { lookEveryMs = 50, graceMs = 0, maxDurationMs = 86_400_000, rollout, isScored } = asked;
  const { voice = 'warm', node = 'said', pipeline = `${name}-on` } = asked;
  return {
    ...{ format: 1, name, pipeline, assignVersion: 1, unit: null, unitName: 'user', target: null },
    ...{ layer: null, share: 0.5, overrides: {} },
    scorers: isScored ? [{ spec: PEOPLE, sample: 1 }] : [],
    arms: [
      { name: 'baseline', weight: 0.5, edits: [] },
      { name: 'warm', weight: 0.5, edits: [{ node, facet: 'config', config: { voice } }] },
    ],
    metrics: [
      metric('good', { role: 'primary', kind: 'rate', better: 'higher', format: 'share' }),
      metric('failed', { role: 'guardrail', kind: 'rate', source: FAILED, format: 'share', margin: 0.3 }),
    ],
    breaker: { ceiling: 0.1, windowMs: 900_000 },
    stop: {
      ...{ method: 'stage_cs', alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8, minUnits: 50 },
      ...{ minDurationMs: 0, maxDurationMs, lookEveryMs, graceMs },
    },
    rollout: { steps: [0.5, 1], soakMs: 0, unitsPerStep: 10, approval: 'auto', ...rollout },
  };
}

const PEOPLE: ScorerSpec = {
  ...{ id: 'people', kind: 'human', call: null, policy: null, input: { $value: null }, definitionHash: 'none' },
  fields: { nice: { better: 'higher', format: 'share', worst: 0, best: 1 } },
};
const FAILED = { from: 'run', field: 'failed' } as const;

export const settingsOf = (spec: ExperimentSpec) =>
  freezeSettings(spec, { nStar: 300, vRefs: spec.metrics.map(() => 1) });

export interface Fed {
  /** Of each arm. */
  readonly units: number;
  /** How many of the variant's are good; of the baseline's every fifth is. */
  readonly good?: number;
  /** How many of the variant's fail. */
  readonly failed?: number;
}

let fedUnits = 0;

/** Units that meet their arm now, and what comes of them in the same moment. */
export async function feed(store: Store, row: ExperimentRow, { units, good = units, failed = 0 }: Fed): Promise<void> {
  const { experimentId, stage } = row;
  const at = Date.now();
  const fed = [0, 1].flatMap((arm) =>
    Array.from({ length: units }, (_, index) => {
      fedUnits += 1;
      const isGood = arm === 0 ? index % 5 === 0 : index < good;
      return { arm, unit: `unit-${fedUnits}`, runId: `run-${fedUnits}`, values: [isGood, arm === 1 && index < failed] };
    }),
  );
  await store.outcomes.expose(
    fed.map(({ arm, unit, runId }) => ({ experiment: experimentId, unit, arm, stage, probability: 0.5, runId, at })),
  );
  const outcomes = fed.flatMap(({ arm, unit, runId, values }) =>
    values.map((value, index) => ({
      ...{ experiment: experimentId, unit, arm, metric: index, runId, deliveryId: `run:${index}`, at, receivedAt: at },
      v: value ? VALUE_SCALE : 0,
    })),
  );
  await store.outcomes.put(outcomes, new Map([[experimentId, outcomeSettings(row)]]));
}
