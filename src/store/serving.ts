/** What a pipeline serves, found and read as it was at one moment, and changes to it, one after the other. */
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import { LIVE_STATES } from '../model/experiment-spec.ts';
import type { Database, Queries } from './database.ts';
import type { DeploymentRow } from './deployments.ts';
import type { ExperimentRow, Serving } from './experiments.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought, unknownId } from './find-by-id.ts';

/** The columns under the names that `DeploymentRow` gives them. */
export const DEPLOYMENT_COLUMNS = `pipeline, deployment_no as "deploymentNo", plan_id as "planId", variant, promoted,
  hold_out as "holdOut", kind, by, why, at`;
/** Far more than anybody reads at once. */
const LARGEST_PAGE = 1_000;

/** Newest first, at most `limit`. */
export function deploymentsOf(queries: Queries, pipeline: string, limit: number): Promise<readonly DeploymentRow[]> {
  return queries.query<DeploymentRow>(
    `select ${DEPLOYMENT_COLUMNS} from deployment where pipeline = $1 order by deployment_no desc limit $2`,
    [pipeline, Math.min(limit, LARGEST_PAGE)],
  );
}

export async function currentDeployment(queries: Queries, pipeline: string): Promise<DeploymentRow | undefined> {
  return (await deploymentsOf(queries, pipeline, 1))[0];
}

/** One per pipeline that has been deployed. */
export function currentDeployments(queries: Queries): Promise<readonly DeploymentRow[]> {
  return queries.query<DeploymentRow>(
    `select distinct on (pipeline) ${DEPLOYMENT_COLUMNS} from deployment order by pipeline, deployment_no desc`,
  );
}

/** The columns under the names that `ExperimentRow` gives them. */
export const EXPERIMENT_COLUMNS = `experiment_id as "experimentId", name, pipeline, kind, spec, settings, state, reason,
  json_build_array(range_from, range_to) as "range", stopped, winner, ramp, stage, rollout_stage as "rolloutStage",
  watermark, started_by as "startedBy", started_at as "startedAt", ended_at as "endedAt"`;
/** SQL: whether it is live. */
export const IS_LIVE = `state in (${LIVE_STATES.map((state) => `'${state}'`).join(', ')})`;

const EXPERIMENT: Sought = {
  ...{ table: 'experiment', columns: EXPERIMENT_COLUMNS, idColumn: 'experiment_id', idName: 'experimentId' },
  ...{ newestBy: 'started_at', kind: 'experiment', words: ['experiment', 'experiments'] },
  whenNone: 'none was started yet: `sluice experiment start` starts one',
};

/** By id or unique id prefix. @throws SluiceError `experiment_unknown` (with the nearest), `experiment_ambiguous` */
export const findExperiment = (queries: Queries, idOrPrefix: string): Promise<ExperimentRow> =>
  findById(queries, EXPERIMENT, idOrPrefix);

/** Its row by its whole id, as it is within a transaction. */
export async function experimentRow(queries: Queries, experimentId: string): Promise<ExperimentRow> {
  const [row] = await queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment where experiment_id = $1`,
    [experimentId],
  );
  if (row === undefined) throw await unknownExperiment(queries, experimentId);
  return row;
}

export interface ExperimentFilter {
  readonly pipeline?: string;
  readonly live?: boolean;
  /** 1 to 1,000; default 20. */
  readonly limit?: number;
}

/** Newest first. @throws SluiceError `limit_invalid` */
export async function listExperiments(
  queries: Queries,
  { pipeline, live, limit = DEFAULT_PAGE }: ExperimentFilter = {},
): Promise<readonly ExperimentRow[]> {
  checkPage(limit, EXPERIMENT);
  return queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment
     where ($1::text is null or pipeline = $1) and ($2::boolean is null or $2 = (${IS_LIVE}))
     order by started_at desc, experiment_id desc limit $3`,
    [pipeline ?? null, live ?? null, limit],
  );
}

export const unknownExperiment = (queries: Queries, experimentId: string): Promise<SluiceError> =>
  unknownId(queries, EXPERIMENT, experimentId);

/** A number that grows with every change to what the pipeline serves; 0 where nothing was ever deployed. */
export async function servingVersion(queries: Queries, pipeline: string): Promise<number> {
  const [row] = await queries.query<{ version: number }>('select version from serving where pipeline = $1', [pipeline]);
  return row?.version ?? 0;
}

/**
 * Undefined where nothing is deployed. Every change raises the version with it: what was read between two equal
 * versions belongs together.
 */
export async function readServing(queries: Queries, pipeline: string): Promise<Serving | undefined> {
  let version = await servingVersion(queries, pipeline);
  for (;;) {
    const deployment: DeploymentRow | undefined = await currentDeployment(queries, pipeline);
    const experiments = await liveExperiments(queries, pipeline);
    const after = await servingVersion(queries, pipeline);
    if (after === version) return deployment && { version, deployment, experiments };
    version = after;
  }
}

/** In order of their start. */
export function liveExperiments(queries: Queries, pipeline: string): Promise<readonly ExperimentRow[]> {
  return queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment where pipeline = $1 and ${IS_LIVE}
     order by started_at, experiment_id`,
    [pipeline],
  );
}

// Changes to what a pipeline serves, one after the other: each locks the pipeline's row of `serving`, makes all that
// belongs to it, and raises the version, in one short transaction. A transaction that is repeated, because the answer to
// its commit was lost, finds the call's id in the audit, and changes nothing more.

export interface ServingChange<T> {
  readonly pipeline: string;
  /** The version that the change was computed from; absent: any. */
  readonly expected?: number;
  /** Makes the change, with `changeId` in the audit; undefined: there was nothing to change. */
  readonly make: (queries: Queries, changeId: string) => Promise<T | undefined>;
  /** What `make` gave, where it was made before. */
  readonly again: (queries: Queries) => Promise<T | undefined>;
}

/** @throws SluiceError `serving_changed` where the version is another than expected, and what `make` throws */
export function changeServing<T>(database: Database, change: ServingChange<T>): Promise<T | undefined> {
  const { pipeline, expected, make, again } = change;
  const changeId = randomUUID();
  return database.transaction(async (queries) => {
    const version = await lockServing(queries, pipeline);
    const made = await queries.query('select from audit where change_id = $1', [changeId]);
    if (made.length > 0) return again(queries);
    if (expected !== undefined && version !== expected) throw servingChanged(pipeline, expected, version);
    const result = await make(queries, changeId);
    if (result !== undefined)
      await queries.query('update serving set version = version + 1 where pipeline = $1', [pipeline]);
    return result;
  });
}

async function lockServing(queries: Queries, pipeline: string): Promise<number> {
  await queries.query('insert into serving (pipeline, version) values ($1, 0) on conflict do nothing', [pipeline]);
  const [row] = await queries.query<{ version: number }>(
    'select version from serving where pipeline = $1 for no key update',
    [pipeline],
  );
  return row!.version;
}

export function servingChanged(pipeline: string, expected: number, version: number): SluiceError {
  return new SluiceError('serving_changed', {
    message: `what '${pipeline}' serves has changed since this was worked out (version ${version}, not ${expected})`,
    remedy: 'look at what is served now, and decide again',
    retryable: true,
    data: { pipeline, expected, version },
  });
}
