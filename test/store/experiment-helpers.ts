/** An experiment of two variants on a pipeline that is deployed, for tests. */
import type { ExperimentSpec, FrozenSettings, OnlineMetric } from '../../src/model/experiment-spec.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Database } from '../../src/store/database.ts';
import type { DeploymentRow, NewDeployment } from '../../src/store/deployments.ts';
import type { ExperimentRow, NewExperiment } from '../../src/store/experiments.ts';
import type { LookRequest, OutcomeSettings } from '../../src/store/outcomes.ts';
import { createStore } from '../../src/store/store.ts';
import type { Subject } from './suite.ts';

type WithStore = Pick<Subject, 'store'>;

/**
 * The subject with every statement and every transaction made a second time, as after a connection that broke before the
 * answer came.
 */
export function repeating({ database, ...subject }: Subject): Pick<Subject, 'store'> {
  const repeated: Database = {
    ...database,
    async query(sql, params, limits) {
      await database.query(sql, params, limits);
      return database.query(sql, params, limits);
    },
    async transaction(body) {
      await database.transaction(body);
      return database.transaction(body);
    },
  };
  return { store: createStore(repeated, { clock: () => subject.at }) };
}

export const NO_FACTS = { snapshots: {} };
export const MINUTE = 60_000;

export const metricOf = (name: string, more: Partial<OnlineMetric> = {}): OnlineMetric => ({
  name,
  role: 'secondary',
  kind: 'mean',
  source: { from: 'feedback', field: 'up' },
  denominator: null,
  above: null,
  cap: null,
  quantile: null,
  better: 'higher',
  format: 'number',
  minimumEffect: null,
  margin: null,
  windowMs: 10 * MINUTE,
  absent: 'missing',
  ...more,
});

/** One of each kind; outcomes of `failed` are counted by the breaker. */
export const METRICS = [
  metricOf('mean', { windowMs: 20 * MINUTE }),
  metricOf('share', { kind: 'share', above: 0.5 }),
  metricOf('sum', { kind: 'sum', cap: 5 }),
  metricOf('ratio', { kind: 'ratio' }),
  metricOf('median', { kind: 'quantile', quantile: 0.5 }),
  metricOf('failed', { kind: 'rate', source: { from: 'run', field: 'failed' } }),
] as const;
export const FAILED = METRICS.length - 1;

export const specOf = (name: string, pipeline: string, more: Partial<ExperimentSpec> = {}): ExperimentSpec => ({
  format: 1,
  name,
  pipeline,
  assignVersion: 1,
  unit: null,
  unitName: 'user',
  target: null,
  layer: null,
  share: 0.5,
  arms: ['baseline', 'one', 'two'].map((arm) => ({ name: arm, weight: 1 / 3, edits: [] })),
  overrides: {},
  scorers: [],
  metrics: METRICS,
  breaker: { ceiling: 0.2, windowMs: 5 * MINUTE },
  stop: {
    method: 'stage_cs',
    alpha: 0.05,
    alphaRollback: 0.05,
    alphaPromotion: 0.05,
    power: 0.8,
    minUnits: 10,
    minDurationMs: 0,
    maxDurationMs: 100 * MINUTE,
    lookEveryMs: MINUTE,
    graceMs: 0,
  },
  rollout: { steps: [0.5, 1], soakMs: 0, unitsPerStep: 1, approval: 'auto' },
  ...more,
});

const SETTINGS: FrozenSettings = {
  method: 'stage_cs',
  alpha: 0.05,
  alphaRollback: 0.05,
  alphaPromotion: 0.05,
  nStar: 100,
  nStarRollback: 100,
  vRefs: METRICS.map(() => 1),
  hash: 'f'.repeat(64),
};

/** Deploys the next plan of a pipeline, which may be its first. */
export async function deployNext(
  { store }: WithStore,
  pipeline: string,
  more: Partial<NewDeployment> = {},
): Promise<DeploymentRow> {
  const expected = await store.experiments.version(pipeline);
  const planId = `${pipeline}-${expected}`;
  await store.plans.put(planId, { pipeline, format: 1, schemas: {}, nodes: [], output: planId } as unknown as Plan);
  return store.deployments.deploy({ ...newDeployment(pipeline, planId), expected, ...more });
}

export const newDeployment = (pipeline: string, planId: string): Omit<NewDeployment, 'expected'> => ({
  pipeline,
  planId,
  variant: null,
  promoted: [],
  holdOut: 0,
  kind: 'deploy',
  by: 'mo',
  why: 'a test',
  restaged: [],
});

export async function startOf(
  { store }: WithStore,
  name: string,
  pipeline: string,
  { spec, ...more }: Partial<Omit<NewExperiment, 'spec'>> & { readonly spec?: Partial<ExperimentSpec> } = {},
): Promise<ExperimentRow> {
  return store.experiments.start({
    name,
    pipeline,
    kind: 'experiment',
    spec: specOf(name, pipeline, spec),
    settings: SETTINGS,
    expected: await store.experiments.version(pipeline),
    by: 'mo',
    why: 'a test',
    facts: NO_FACTS,
    ...more,
  });
}

export const settingsOf = ({ spec, startedAt }: ExperimentRow): OutcomeSettings => ({
  metrics: spec.metrics,
  failed: FAILED,
  breakerWindowMs: spec.breaker.windowMs,
  startedAt,
});

export const lookRequest = (row: ExperimentRow, watermark: number, more: Partial<LookRequest> = {}): LookRequest => ({
  ...settingsOf(row),
  watermark,
  fromStage: 1,
  stopped: [],
  arms: row.spec.arms.length,
  ...more,
});
