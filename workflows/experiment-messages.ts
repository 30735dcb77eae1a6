/** What crosses the line between the experiment and rollout workflows and everything else. Types and names only. */

export const EXPERIMENT_WORKFLOW = 'experiment';
export const ROLLOUT_WORKFLOW = 'rollout';
/** The workflow's id is the experiment's with this before it. */
export const EXPERIMENT_WORKFLOW_PREFIX = 'experiment-';
export const ROLLOUT_WORKFLOW_PREFIX = 'rollout-';

/** Updates. The store has the state; these tell the workflow to read it anew, and give what it then is. */
export const STEER_UPDATE = 'steer';
/** The signal of a breaker that has tripped: look now. */
export const WAKE_SIGNAL = 'wake';
/** The query that gives the last look. */
export const REPORT_QUERY = 'report';

export type Steer = {
  readonly action: 'pause' | 'resume' | 'abort' | 'approve';
  readonly by: string;
  readonly why: string;
};

export interface ExperimentInput {
  readonly experimentId: string;
  readonly lookEveryMs: number;
  /** Where scores of sampled runs are made; absent where it has no scorers. */
  readonly scoringQueue?: string;
  /** Looks after which it goes on in a new history. */
  readonly looksPerHistory: number;
  /** Where it goes on: after a continued history, or when Temporal has lost it. */
  readonly lookNo?: number;
}

export interface RolloutInput {
  readonly experimentId: string;
  readonly lookEveryMs: number;
  /** Parts of the traffic outside the share, rising, the last of them 1. */
  readonly steps: readonly number[];
  readonly soakMs: number;
  readonly unitsPerStep: number;
  /** How long the share stays split after the last step. */
  readonly releaseAfterMs: number;
  readonly looksPerHistory: number;
  /** Where it goes on. */
  readonly resumedAt?: {
    readonly lookNo: number;
    readonly step: number;
    readonly stepBeganAt: number;
    readonly unitsThen: number;
  };
}

/** What a look comes to, as the workflow needs it; the ledger has the whole. */
export interface LookOutcome {
  readonly lookNo: number;
  readonly at: number;
  /** The experiment's state when the look began: what is not live is not looked at. */
  readonly state: string;
  readonly decision: 'rollback' | 'halt' | 'promote' | 'continue' | 'inconclusive' | 'ended';
  readonly reason: string;
  /** The variant that it is about, by name; null where it is about none. */
  readonly arm: string | null;
  /** Names of variants that it stops while others go on. */
  readonly stops: readonly string[];
  /** Matured units, all arms together. */
  readonly units: number;
  /** The verdict in words, first line first. */
  readonly sentences: readonly string[];
  /** Markdown for the Temporal UI. */
  readonly details: string;
}

export interface ActInput {
  readonly experimentId: string;
  readonly lookNo: number;
  readonly decision: LookOutcome['decision'];
  readonly reason: string;
  readonly arm: string | null;
  readonly stops: readonly string[];
}

/** What the state is after an act. */
export interface ActOutcome {
  readonly state: string;
  /** Whether a rollout is to begin now. */
  readonly rollsOut: boolean;
}

/** Each may be called again, after a crash, a timeout or a lost answer, and then gives what it gave. */
export interface ExperimentActivities {
  /** One look, by its number: one that is in the ledger is given as it is there. */
  lookAtExperiment(input: { readonly experimentId: string; readonly lookNo: number }): Promise<LookOutcome>;
  /** Does what a look has decided. */
  actOnLook(input: ActInput): Promise<ActOutcome>;
  /** Does what somebody said, and gives the state after it; refuses what the state does not allow. */
  steerExperiment(input: { readonly experimentId: string } & Steer): Promise<ActOutcome>;
  /** Sets the part of the traffic outside the share that gets the winner. */
  rampRollout(input: { readonly experimentId: string; readonly ramp: number }): Promise<{ readonly state: string }>;
  /** The winner becomes what is deployed, and the experiment ends. */
  finishRollout(input: { readonly experimentId: string }): Promise<{ readonly state: string }>;
  /** Scores sampled runs of the experiment until it is cancelled. */
  scoreRuns(input: { readonly experimentId: string }): Promise<{ readonly scored: number }>;
}
