/** Experiments: what was started, in which state it is, and everything that serving has to know of it. */
import type { ExperimentSpec, ExperimentState, FrozenSettings } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { auditOf } from './audit.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import type { DeploymentRow, StageFacts } from './deployments.ts';
import { findExperiment, listExperiments } from './experiments-find.ts';
import { moveExperiment } from './experiments-move.ts';
import { readServing, servingVersion } from './experiments-serving.ts';
import { beginStage, stagesOf } from './experiments-stage.ts';
import { startExperiment } from './experiments-start.ts';

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

export interface Experiments {
  /** A number that grows with every change to what the pipeline serves; 0 where nothing was ever deployed. */
  version(pipeline: string): Promise<number>;
  /** Undefined where nothing is deployed. */
  serving(pipeline: string): Promise<Serving | undefined>;
  /**
   * Starts it: row, first stage, ledger entry, audit, and its part of its layer, in one transaction.
   *
   * @throws SluiceError `serving_changed`: check again, and try again; `experiment_live` where one of this name is;
   *   `layer_full` where the layer has no room for its share; `not_deployed`
   */
  start(experiment: NewExperiment): Promise<ExperimentRow>;
  /** By id, or the only one whose id begins so. @throws SluiceError `experiment_unknown` (with the nearest), `experiment_ambiguous` */
  get(idOrPrefix: string): Promise<ExperimentRow>;
  /** Newest first. */
  list(filter?: {
    readonly pipeline?: string;
    readonly live?: boolean;
    readonly limit?: number;
  }): Promise<readonly ExperimentRow[]>;
  stages(experimentId: string): Promise<readonly StageRow[]>;
  /** A new stage for a reason of its own (an index has a new snapshot), unless it is in another than `from` already. */
  beginStage(
    experimentId: string,
    from: number,
    stage: { readonly facts: StageFacts; readonly why: string },
  ): Promise<void>;
  /** In one write, audited and in the ledger as `act`; false where it is in none of the states, and then nothing is changed. */
  move(experimentId: string, move: Move): Promise<boolean>;
  /** Of a pipeline, its experiments' included, or of an experiment, or (null) of all; newest first, at most 1,000. */
  audit(subject: string | null, limit: number): Promise<readonly AuditRow[]>;
}

export function createExperiments(database: Database, clock?: Clock): Experiments {
  return Object.freeze({
    version: (pipeline) => servingVersion(database, pipeline),
    serving: (pipeline) => readServing(database, pipeline),
    start: (experiment) => startExperiment(database, experiment, nowParam(clock)),
    get: (idOrPrefix) => findExperiment(database, idOrPrefix),
    list: async (filter = {}) => listExperiments(database, filter),
    stages: (experimentId) => stagesOf(database, experimentId),
    beginStage: (experimentId, from, stage) => beginStage(database, experimentId, { from, ...stage }, nowParam(clock)),
    move: (experimentId, move) => moveExperiment(database, experimentId, move, nowParam(clock)),
    audit: (subject, limit) => auditOf(database, subject, limit),
  } satisfies Experiments);
}
