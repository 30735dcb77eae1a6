/** Experiments: what was started, in which state it is, and everything that serving has to know of it. */

import { SluiceError } from '../base/errors.ts';
import { showPercent } from '../base/format.ts';
import type { ExperimentSpec, ExperimentState, FrozenSettings } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { auditOf, writeAudit } from './audit.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import type { DeploymentRow, StageFacts } from './deployments.ts';
import { beginStage, insertStage, moveExperiment, stagesOf } from './experiment-stages.ts';
import { addEntry } from './ledger.ts';
import {
  changeServing,
  currentDeployment,
  EXPERIMENT_COLUMNS,
  experimentRow,
  findExperiment,
  IS_LIVE,
  listExperiments,
  liveExperiments,
  readServing,
  servingVersion,
} from './serving.ts';

export interface ExperimentRow {
  readonly experimentId: string;
  readonly name: string;
  readonly pipeline: string;
  readonly kind: 'experiment' | 'rollout';
  readonly spec: ExperimentSpec;
  readonly settings: FrozenSettings;
  readonly state: ExperimentState;
  readonly reason: string | null;
  /** Its part of the hash space of its layer, or of its own. */
  readonly range: readonly [from: number, to: number];
  /** Names of variants that are not served any more: their units get the baseline. */
  readonly stopped: readonly string[];
  readonly winner: string | null;
  readonly ramp: number;
  readonly stage: number;
  readonly rolloutStage: number | null;
  readonly watermark: number | null;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface StageRow {
  readonly stage: number;
  readonly basePlanId: string;
  readonly deploymentNo: number;
  readonly facts: StageFacts;
  readonly why: string;
  readonly beganAt: number;
}

/** All that decides what a request to a pipeline gets. */
export interface Serving {
  readonly version: number;
  readonly deployment: DeploymentRow;
  /** Live ones, in order of their start. */
  readonly experiments: readonly ExperimentRow[];
}

export interface NewExperiment extends Pick<ExperimentRow, 'name' | 'pipeline' | 'kind' | 'spec' | 'settings'> {
  /** The version of `Serving` that overlaps were checked with. */
  readonly expected: number;
  readonly by: string;
  readonly why: string;
  readonly facts: StageFacts;
  /** Of a rollout alone: it begins with this variant. */
  readonly winner?: string;
}

/** What may be changed of one that is live. */
export interface Move {
  readonly to: ExperimentState;
  /** States from which it may go there. */
  readonly from: readonly ExperimentState[];
  readonly by: string;
  readonly reason: string;
  readonly winner?: string;
  /** Adds these to the variants that are stopped. */
  readonly stop?: readonly string[];
  readonly ramp?: number;
  /** A new stage begins with it, which is the rollout's first. */
  readonly beginsRollout?: boolean;
}

export interface AuditRow {
  readonly at: number;
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly was: Json;
  readonly isNow: Json;
  readonly why: string;
}

export const createExperiments = (database: TimedDatabase) =>
  bound(database, {
    version: servingVersion,
    serving: readServing,
    start: startExperiment,
    get: findExperiment,
    list: listExperiments,
    stages: stagesOf,
    beginStage,
    move: moveExperiment,
    audit: auditOf,
  });
export type Experiments = ReturnType<typeof createExperiments>;

/**
 * Starts it: row, first stage, ledger entry, audit, and its part of its layer, in one transaction.
 *
 * @throws SluiceError `serving_changed`: check again, and try again; `experiment_live` where one of this name is;
 *   `layer_full` where the layer has no room for its share; `not_deployed`
 */
async function startExperiment(database: TimedDatabase, experiment: NewExperiment): Promise<ExperimentRow> {
  const now = database.now();
  const { pipeline, name, by, why, expected } = experiment;
  let experimentId: string | undefined;
  const started = await changeServing(database, {
    pipeline,
    expected,
    again: (queries) => experimentRow(queries, experimentId!),
    async make(queries, changeId) {
      const deployment = await currentDeployment(queries, pipeline);
      if (deployment === undefined) throw notDeployed(pipeline, name);
      const row = await insertExperiment(queries, experiment, now);
      experimentId = row.experimentId;
      await insertStage(queries, { experimentId, stage: 1, deployment, facts: experiment.facts, why }, now);
      await addEntry(
        queries,
        experimentId,
        { kind: 'start', content: startContent(row, experiment, deployment) },
        { now },
      );
      const isNow = { state: row.state, share: row.spec.share, deploymentNo: deployment.deploymentNo };
      await writeAudit(
        queries,
        { who: by, action: 'start', subject: experimentId, was: null, isNow, why, changeId },
        now,
      );
      return row;
    },
  });
  return started!;
}

/** All inputs of its verdicts except the interim analyses. */
function startContent(row: ExperimentRow, { by, why, facts }: NewExperiment, deployment: DeploymentRow): Json {
  const { experimentId, name, pipeline, kind, spec, settings, state, range, winner, startedAt } = row;
  const { planId: basePlanId, deploymentNo } = deployment;
  const started = { experimentId, name, pipeline, kind, spec, settings, state, range, winner, startedAt };
  return { ...started, stage: 1, basePlanId, deploymentNo, facts, by, why } as unknown as Json;
}

/** Under the first id that is free: the name, then `name.2`, `name.3`. */
async function insertExperiment(queries: Queries, experiment: NewExperiment, now: Date | null): Promise<ExperimentRow> {
  const { name, pipeline, kind, spec, settings, winner, by } = experiment;
  const range = rangeFor({ ...spec, name }, await liveExperiments(queries, pipeline));
  const isRollout = kind === 'rollout';
  const values = [
    name,
    pipeline,
    kind,
    JSON.stringify(spec),
    JSON.stringify(settings),
    isRollout ? 'rolling' : 'running',
    ...range,
    winner ?? null,
    isRollout ? 1 : null,
    by,
    now,
  ];
  const [known] = await queries.query<{ count: number }>('select count(*) from experiment where name = $1', [name]);
  for (let no = known!.count + 1; ; no += 1) {
    await refuseLive(queries, name);
    // Nothing is returned where the id is taken, or another pipeline has just started one of the name.
    const [row] = await queries.query<ExperimentRow>(
      `insert into experiment (experiment_id, name, pipeline, kind, spec, settings, state, range_from, range_to, winner,
         rollout_stage, stage, started_by, started_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, ${nowSql('$13')})
       on conflict do nothing returning ${EXPERIMENT_COLUMNS}`,
      [no === 1 ? name : `${name}.${no}`, ...values],
    );
    if (row !== undefined) return row;
  }
}

async function refuseLive(queries: Queries, name: string): Promise<void> {
  const [live] = await queries.query<Pick<ExperimentRow, 'experimentId' | 'state'>>(
    `select experiment_id as "experimentId", state from experiment where name = $1 and ${IS_LIVE}`,
    [name],
  );
  if (live === undefined) return;
  const { experimentId, state } = live;
  throw new SluiceError('experiment_live', {
    message: `the experiment '${experimentId}' is live: ${state}`,
    remedy: `let it end, or end it: \`sluice experiment abort ${experimentId}\``,
    data: { experimentId, state },
  });
}

function notDeployed(pipeline: string, name: string): SluiceError {
  return new SluiceError('not_deployed', {
    message: `'${name}' cannot start: nothing of the pipeline '${pipeline}' is deployed`,
    remedy: `deploy it first: \`sluice deploy ${pipeline}\``,
    data: { pipeline },
  });
}

type Range = readonly [from: number, to: number];

/** What adding decimals as floats may lack: a thousandth of a part in a million. */
const SLACK = 1e-9;

/**
 * The first free range that is large enough; without a layer, the start of a range of its own.
 *
 * @param live experiments on the same pipeline
 * @throws SluiceError `layer_full`, with the free share
 */
function rangeFor(
  { layer, share, name }: { readonly layer: string | null; readonly share: number; readonly name: string },
  live: readonly Pick<ExperimentRow, 'experimentId' | 'range' | 'spec'>[],
): Range {
  if (layer === null) return [0, share];
  const others = live.filter(({ spec }) => spec.layer === layer);
  const taken = others.map(({ range }) => range).sort(([a], [b]) => a - b);
  let [from, widest] = [0, 0];
  for (const [begins, ends] of [...taken, [1, 1] as const]) {
    const room = begins - from;
    if (room >= share - SLACK) return [from, Math.min(from + share, begins)];
    widest = Math.max(widest, room);
    from = Math.max(from, ends);
  }
  const experiments = others.map(({ experimentId }) => experimentId);
  throw new SluiceError('layer_full', {
    message: `layer '${layer}' has no room for '${name}', which wants ${showPercent(share)} of the units: ${showPercent(widest)} is free beside ${experiments.join(', ')}`,
    remedy:
      widest >= 0.001
        ? `give it a share of at most ${Math.floor(widest * 1_000) / 1_000}, or wait for one of them to end`
        : 'wait for one of them to end',
    data: { layer, share, room: widest, experiments },
  });
}
