/** Stages of an experiment, within which everything but the arm is constant, and changes of its state. */

import { ITSELF, isLive } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import type { DeploymentRow, StageFacts } from './deployments.ts';
import type { ExperimentRow, Move, StageRow } from './experiments.ts';
import { addEntry } from './ledger.ts';
import { changeServing, currentDeployment, experimentRow } from './serving.ts';

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

/** A new stage for a reason of its own (an index has a new snapshot), unless it is in another than `from` already. */
export async function beginStage(
  database: TimedDatabase,
  experimentId: string,
  from: number,
  { facts, why }: Pick<NewStage, 'facts' | 'why'>,
): Promise<void> {
  const now = database.now();
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

/**
 * In one write, audited and in the ledger as `act`; false where it is in none of the states, and then nothing is
 * changed.
 */
export async function moveExperiment(database: TimedDatabase, experimentId: string, move: Move): Promise<boolean> {
  const now = database.now();
  const { pipeline } = await experimentRow(database, experimentId);
  const moved = await changeServing(database, {
    pipeline,
    again: async () => true,
    async make(queries, changeId) {
      const row = await experimentRow(queries, experimentId);
      if (!move.from.includes(row.state)) return undefined;
      if (move.beginsRollout) await beginRollout(queries, row, move.reason, now);
      await changeState(queries, row, { ...move, changeId }, now);
      return true;
    },
  });
  return moved ?? false;
}

export interface StateChange extends Pick<Move, 'to' | 'by' | 'reason' | 'winner' | 'stop' | 'ramp'> {
  /** Where it is the change of a call, and no part of another. */
  readonly changeId?: string;
}

/** The row, the ledger's `act`, and the audit. The caller holds the lock, and raises the version. */
export async function changeState(
  queries: Queries,
  row: ExperimentRow,
  change: StateChange,
  now: Date | null,
): Promise<void> {
  const { to, by, reason, winner, stop = [], ramp, changeId } = change;
  const { experimentId, state: from } = row;
  const stopped = [...new Set([...row.stopped, ...stop])];
  const next = { ...row, state: to, stopped, winner: winner ?? row.winner, ramp: ramp ?? row.ramp };
  const values = [to, reason, JSON.stringify(stopped), next.winner, next.ramp, !isLive(next), now];
  await queries.query(
    `update experiment set state = $2, reason = $3, stopped = $4, winner = $5, ramp = $6,
       ended_at = case when $7 then coalesce(ended_at, ${nowSql('$8')}) end
     where experiment_id = $1`,
    [experimentId, ...values],
  );
  const content = { from, to, reason, by, winner: winner ?? null, stop, ramp: ramp ?? null };
  await addEntry(queries, experimentId, { kind: 'act', content }, { now });
  const audit = {
    who: by,
    action: 'move',
    subject: experimentId,
    was: stateOf(row),
    isNow: stateOf(next),
    why: reason,
  };
  await writeAudit(queries, { ...audit, ...(changeId !== undefined && { changeId }) }, now);
}

/** The stage in which the winner is compared anew while it is rolled out: nothing else has changed. */
async function beginRollout(queries: Queries, row: ExperimentRow, why: string, now: Date | null): Promise<void> {
  const { experimentId, pipeline, stage } = row;
  const deployment = await currentDeployment(queries, pipeline);
  const { facts } = (await stagesOf(queries, experimentId)).at(-1)!;
  await enterStage(queries, { experimentId, stage: stage + 1, deployment: deployment!, facts, why }, now);
  await queries.query('update experiment set rollout_stage = stage where experiment_id = $1', [experimentId]);
}

const stateOf = ({ state, winner, stopped, ramp }: ExperimentRow): Json => ({ state, winner, stopped, ramp });
