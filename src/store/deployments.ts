/** Deployments: what each pipeline's name serves, since when, and why. Every change is a row, and is audited. */

import { isLive } from '../model/experiment-spec.ts';
import type { Json, NodeEdit } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import { changeState, enterStage } from './experiment-stages.ts';
import {
  changeServing,
  currentDeployment,
  currentDeployments,
  DEPLOYMENT_COLUMNS,
  deploymentsOf,
  experimentRow,
  servingChanged,
} from './serving.ts';

/** What an experiment has won. A deployment that has not these edits would undo it. */
export interface PromotedEdit {
  readonly experiment: string;
  readonly variant: string;
  readonly edits: readonly NodeEdit[];
}

export interface DeploymentRow {
  readonly pipeline: string;
  /** From 1. */
  readonly deploymentNo: number;
  readonly planId: string;
  readonly variant: string | null;
  readonly promoted: readonly PromotedEdit[];
  readonly holdOut: number;
  readonly kind: 'deploy' | 'rollback' | 'promote';
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** What a change of what is served means for a live experiment. */
export interface Restaging {
  readonly experimentId: string;
  /** The stage it was in when this was worked out. */
  readonly stage: number;
  /** `superseded`: the change is of a node that it edits. */
  readonly to: 'stage' | 'superseded';
  readonly why: string;
  readonly facts: StageFacts;
}

export interface StageFacts {
  /** Hash of the newest snapshot, by index that the plan reads. */
  readonly snapshots: { readonly [index: string]: string };
}

export interface NewDeployment extends Omit<DeploymentRow, 'deploymentNo' | 'at'> {
  /** The version of `Serving` that the change was worked out from. */
  readonly expected: number;
  readonly restaged: readonly Restaging[];
  /** Of a promotion: the experiment that ends with it. */
  readonly ends?: { readonly experimentId: string; readonly reason: string };
}

export const createDeployments = (database: TimedDatabase) =>
  bound(database, {
    current: currentDeployment,
    history: deploymentsOf,
    list: currentDeployments,
    deploy,
  });
export type Deployments = ReturnType<typeof createDeployments>;

/**
 * Changes what is served, with all that this means for live experiments, in one transaction.
 *
 * @throws SluiceError `serving_changed` where something else has changed it since: work it out again
 */
async function deploy(database: TimedDatabase, change: NewDeployment): Promise<DeploymentRow> {
  const now = database.now();
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
