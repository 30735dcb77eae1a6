/** Changing the state of an experiment: one write, which is all that serving has to follow. */
import { isLive } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import { currentDeployment } from './deployments-read.ts';
import type { ExperimentRow, Move } from './experiments.ts';
import { experimentRow } from './experiments-find.ts';
import { enterStage, stagesOf } from './experiments-stage.ts';
import { addEntry } from './ledger-append.ts';
import { changeServing } from './serving-change.ts';

export async function moveExperiment(
  database: Database,
  experimentId: string,
  move: Move,
  now: Date | null,
): Promise<boolean> {
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
