/** Deployments: what each pipeline's name serves, since when, and why. Every change is a row, and is audited. */
import type { NodeEdit } from '../plan/plan.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { deploy } from './deployments-deploy.ts';
import { currentDeployment, currentDeployments, deploymentsOf } from './deployments-read.ts';

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

export interface Deployments {
  current(pipeline: string): Promise<DeploymentRow | undefined>;
  /** Newest first, at most `limit`. */
  history(pipeline: string, limit: number): Promise<readonly DeploymentRow[]>;
  /** One per pipeline that has been deployed. */
  list(): Promise<readonly DeploymentRow[]>;
  /**
   * Changes what is served, with all that this means for live experiments, in one transaction.
   *
   * @throws SluiceError `serving_changed` where something else has changed it since: work it out again
   */
  deploy(change: NewDeployment): Promise<DeploymentRow>;
}

export function createDeployments(database: Database, clock?: Clock): Deployments {
  return Object.freeze({
    current: (pipeline) => currentDeployment(database, pipeline),
    history: (pipeline, limit) => deploymentsOf(database, pipeline, limit),
    list: () => currentDeployments(database),
    deploy: (change) => deploy(database, change, nowParam(clock)),
  } satisfies Deployments);
}
