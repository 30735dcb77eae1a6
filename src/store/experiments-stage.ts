/** Stages: within one, everything but the arm is constant. */

import { ITSELF, isLive } from '../model/experiment-spec.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { DeploymentRow, StageFacts } from './deployments.ts';
import { currentDeployment } from './deployments-read.ts';
import type { ExperimentRow, StageRow } from './experiments.ts';
import { experimentRow } from './experiments-find.ts';
import { addEntry } from './ledger-append.ts';
import { changeServing } from './serving-change.ts';

export interface NewStage {
  readonly experimentId: string;
  readonly stage: number;
  readonly deployment: Pick<DeploymentRow, 'planId' | 'deploymentNo'>;
  readonly facts: StageFacts;
  readonly why: string;
}

export function stagesOf(queries: Queries, experimentId: string): Promise<readonly StageRow[]> {
  return queries.query<StageRow>(
    `select stage, base_plan_id as "basePlanId", deployment_no as "deploymentNo", facts, why, began_at as "beganAt"
     from experiment_stage where experiment_id = $1 order by stage`,
    [experimentId],
  );
}

/** The first stage: the experiment's start says it in the ledger. */
export async function insertStage(queries: Queries, added: NewStage, now: Date | null): Promise<void> {
  const { experimentId, stage, deployment, facts, why } = added;
  await queries.query(
    `insert into experiment_stage (experiment_id, stage, base_plan_id, deployment_no, facts, why, began_at)
     values ($1, $2, $3, $4, $5, $6, ${nowSql('$7')})`,
    [experimentId, stage, deployment.planId, deployment.deploymentNo, JSON.stringify(facts), why, now],
  );
}

/** Any later one: the experiment is in it from now on, and the ledger has it. */
export async function enterStage(queries: Queries, added: NewStage, now: Date | null): Promise<void> {
  const { experimentId, stage, deployment, facts, why } = added;
  await insertStage(queries, added, now);
  await queries.query('update experiment set stage = $2 where experiment_id = $1', [experimentId, stage]);
  const { planId, deploymentNo } = deployment;
  const content = { stage, basePlanId: planId, deploymentNo, facts: { snapshots: facts.snapshots }, why };
  await addEntry(queries, experimentId, { kind: 'stage', content }, { now });
}

export interface StageBeginning {
  /** The stage that it is in as far as the caller knows. */
  readonly from: number;
  readonly facts: StageFacts;
  readonly why: string;
}

export async function beginStage(
  database: Database,
  experimentId: string,
  { from, facts, why }: StageBeginning,
  now: Date | null,
): Promise<void> {
  const { pipeline } = await experimentRow(database, experimentId);
  await changeServing(database, {
    pipeline,
    again: async () => true,
    async make(queries, changeId) {
      const row: ExperimentRow = await experimentRow(queries, experimentId);
      if (row.stage !== from || !isLive(row)) return undefined;
      const deployment = await currentDeployment(queries, pipeline);
      await enterStage(queries, { experimentId, stage: from + 1, deployment: deployment!, facts, why }, now);
      const states = { was: { stage: from }, isNow: { stage: from + 1 } };
      await writeAudit(queries, { who: ITSELF, action: 'stage', subject: experimentId, ...states, why, changeId }, now);
      return true;
    },
  });
}
