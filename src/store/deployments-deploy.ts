/** Changing what a pipeline's name serves, with all that this means for the experiments that are live on it. */
import { isLive } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { DeploymentRow, NewDeployment, Restaging } from './deployments.ts';
import { currentDeployment, DEPLOYMENT_COLUMNS } from './deployments-read.ts';
import { experimentRow } from './experiments-find.ts';
import { changeState } from './experiments-move.ts';
import { enterStage } from './experiments-stage.ts';
import { changeServing, servingChanged } from './serving-change.ts';

export async function deploy(database: Database, change: NewDeployment, now: Date | null): Promise<DeploymentRow> {
  const { pipeline, expected, restaged, ends, by, why } = change;
  let made: DeploymentRow | undefined;
  const deployed = await changeServing(database, {
    pipeline,
    expected,
    again: async () => made,
    async make(queries, changeId) {
      const before = await currentDeployment(queries, pipeline);
      made = await insertDeployment(queries, change, now);
      for (const restaging of restaged) await restage(queries, made, restaging, { change, now });
      if (ends !== undefined) await endPromoted(queries, ends, { change, now });
      const states = { was: before === undefined ? null : served(before), isNow: served(made) };
      await writeAudit(queries, { who: by, action: change.kind, subject: pipeline, ...states, why, changeId }, now);
      return made;
    },
  });
  return deployed!;
}

async function insertDeployment(queries: Queries, change: NewDeployment, now: Date | null): Promise<DeploymentRow> {
  const { pipeline, planId, variant, promoted, holdOut, kind, by, why } = change;
  const [row] = await queries.query<DeploymentRow>(
    `insert into deployment (pipeline, deployment_no, plan_id, variant, promoted, hold_out, kind, by, why, at)
     select $1, coalesce(max(deployment_no), 0) + 1, $2, $3, $4, $5, $6, $7, $8, ${nowSql('$9')}
     from deployment where pipeline = $1 returning ${DEPLOYMENT_COLUMNS}`,
    [pipeline, planId, variant, JSON.stringify(promoted), holdOut, kind, by, why, now],
  );
  return row!;
}

interface Context {
  readonly change: NewDeployment;
  readonly now: Date | null;
}

async function restage(
  queries: Queries,
  deployment: DeploymentRow,
  { experimentId, stage, to, why, facts }: Restaging,
  { change, now }: Context,
): Promise<void> {
  const row = await experimentRow(queries, experimentId);
  if (row.stage !== stage || !isLive(row)) throw workedOutFromOther(change);
  if (to === 'superseded') await changeState(queries, row, { to, by: change.by, reason: why }, now);
  else await enterStage(queries, { experimentId, stage: stage + 1, deployment, facts, why }, now);
}

async function endPromoted(
  queries: Queries,
  { experimentId, reason }: NonNullable<NewDeployment['ends']>,
  { change, now }: Context,
): Promise<void> {
  const row = await experimentRow(queries, experimentId);
  if (!isLive(row)) throw workedOutFromOther(change);
  await changeState(queries, row, { to: 'promoted', by: change.by, reason }, now);
}

/** The version says what the experiments were: a caller that gives another stage of one has read them at another time. */
const workedOutFromOther = ({ pipeline, expected }: NewDeployment) => servingChanged(pipeline, expected, expected);

const served = ({ deploymentNo, planId, variant, holdOut }: DeploymentRow): Json => ({
  deploymentNo,
  planId,
  variant,
  holdOut,
});
