/** Messages of the experiment and rollout workflows. Types and names only. */

export const EXPERIMENT_WORKFLOW = 'experiment';
export const ROLLOUT_WORKFLOW = 'rollout';
/** The workflow's id is the experiment's with this before it. */
export const EXPERIMENT_WORKFLOW_PREFIX = 'experiment-';
export const ROLLOUT_WORKFLOW_PREFIX = 'rollout-';

/** The update: the store has the state, an activity changes it there, and the answer is what it then is. */
export const STEER_UPDATE = 'steer';
/** The signal of a tripped breaker or of a client that has changed the state: run an analysis now. */
export const WAKE_SIGNAL = 'wake';
/** The query for the last analysis; null before the first. */
export const REPORT_QUERY = 'report';
/** The query that says where a rollout is. */
export const STEP_QUERY = 'step';

export const STEER_ACTIONS = ['pause', 'resume', 'abort', 'approve'] as const;

/**
 * A paused rollout stays on its step; analyses go on. Any other paused experiment serves the baseline and has no analyses.
 */
export type Steer = {
  readonly action: (typeof STEER_ACTIONS)[number];
  readonly by: string;
  readonly why: string;
};

/** The first half of an experiment decides; in the second its winner is rolled out. */
export type Phase = 'experiment' | 'rollout';

/** When each of the two workflows does what: all numbers that shape its history. */
export interface Clock {
  readonly experimentId: string;
  readonly lookEveryMs: number;
  /** Where scores of sampled runs are made; absent where it has no scorers. */
  readonly scoringQueue?: string;
  /** Analyses after which the workflow continues as new. */
  readonly looksPerHistory: number;
  /** The next analysis's number; default 1. */
  readonly lookNo?: number;
  /** The previous history was woken for an analysis and did not run it. */
  readonly isWoken?: boolean;
  /** The last analysis of the previous history. */
  readonly last?: AnalysisOutcome;
}

export interface Ramp {
  /** Parts of the traffic outside the share, rising, the last of them 1. */
  readonly steps: readonly number[];
  /** Each step lasts at least so long, and until so many more units of the share have matured. */
  readonly soakMs: number;
  readonly unitsPerStep: number;
  /** How long the share stays split after the last step, at least. */
  readonly releaseAfterMs: number;
}

export interface ExperimentInput extends Clock {
  readonly ramp: Ramp;
}

export interface RolloutInput extends Clock {
  readonly ramp: Ramp;
  /** Where it goes on; absent: before its first step. */
  readonly at?: StepPlace;
}

export interface StepPlace {
  /** Index in the steps. */
  readonly step: number;
  readonly beganAt: number;
  /** Matured units when it began. */
  readonly unitsThen: number;
  /** Whether a person holds it on this step. */
  readonly isHeld: boolean;
}

/** The status of an experiment in the store. */
export interface LifecycleStatus {
  readonly state: string;
  /** False: it has ended. */
  readonly isLive: boolean;
  readonly phase: Phase;
}

/** The outcome of an analysis as the workflow needs it; the ledger has all of it. */
export interface AnalysisOutcome extends LifecycleStatus {
  readonly lookNo: number;
  readonly at: number;
  /** Whether the analysis ran. It does not if the experiment is paused, has ended, or is in the other phase. */
  readonly isRecorded: boolean;
  readonly decision: 'rollback' | 'halt' | 'promote' | 'continue' | 'inconclusive';
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
  readonly decision: AnalysisOutcome['decision'];
  readonly reason: string;
  readonly arm: string | null;
  readonly stops: readonly string[];
}

/** Each may be called again, after a crash, a timeout or a lost answer, and then gives what it gave. */
export interface ExperimentActivities extends ScoringActivities {
  /** Runs the analysis of this number, or returns its entry if it is in the ledger. */
  lookAtExperiment(input: {
    readonly experimentId: string;
    readonly lookNo: number;
    readonly phase: Phase;
  }): Promise<AnalysisOutcome>;
  /** Applies the decision of an analysis. */
  actOnLook(input: ActInput): Promise<LifecycleStatus>;
  /** Applies a person's action and returns the new status; refuses what the state does not allow. */
  steerExperiment(input: { readonly experimentId: string } & Steer): Promise<LifecycleStatus>;
  /** Sets the part of the traffic outside the share that gets the winner. */
  rampRollout(input: { readonly experimentId: string; readonly ramp: number }): Promise<LifecycleStatus>;
  /** The winner becomes what is deployed, and the experiment ends. */
  finishRollout(input: { readonly experimentId: string }): Promise<LifecycleStatus>;
}

export interface ScoringActivities {
  /** Scores sampled runs of the experiment until it is cancelled. */
  scoreRuns(input: { readonly experimentId: string }): Promise<{ readonly scored: number }>;
}
