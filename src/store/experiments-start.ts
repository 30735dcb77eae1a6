/** Starting an experiment: its row, its part of its layer, its first stage, and the ledger's first entry, or none of them. */
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { DeploymentRow } from './deployments.ts';
import { currentDeployment } from './deployments-read.ts';
import type { ExperimentRow, NewExperiment } from './experiments.ts';
import { EXPERIMENT_COLUMNS, experimentRow, IS_LIVE } from './experiments-find.ts';
import { rangeFor } from './experiments-range.ts';
import { liveExperiments } from './experiments-serving.ts';
import { insertStage } from './experiments-stage.ts';
import { addEntry } from './ledger-append.ts';
import { changeServing } from './serving-change.ts';

export async function startExperiment(
  database: Database,
  experiment: NewExperiment,
  now: Date | null,
): Promise<ExperimentRow> {
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

/** All that its verdicts rest on beside the looks. */
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
