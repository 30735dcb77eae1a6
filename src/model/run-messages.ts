/**
 * What crosses the line between workflows and everything else: workflow inputs and results, updates, queries, and the
 * arguments of activities. Types and names only; each side imports this file and nothing else of the other.
 */
import type { Json, NodeOutcome, Plan, PlanNode, RunOutcome } from '../plan/plan.ts';
import type { CarriedAssignment, RunAssignment } from './assign.ts';

/**
 * Where a run's tokens go while it runs: to the process that started it and listens. No secret: what is sent there is signed
 * with a key that both sides have by other ways.
 */
export interface SinkAddress {
  /** Whose it is: a worker in the same process hands tokens over without a socket. */
  readonly hub: string;
  readonly url: string;
}

/** Arguments of a step's activity: it finds its config by plan and node, so that configs stay out of the history. */
export interface StepArguments {
  readonly planId: string;
  readonly node: string;
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly call: 'step' | 'fallback';
  readonly input: Json;
  /** Given where the run was asked for its tokens. */
  readonly sink?: SinkAddress;
  /** Experiments whose first edited node this is: the run's unit meets its arms here, before anything is done. */
  readonly exposures?: readonly RunAssignment[];
}

/** What the boundary measured of one attempt. Times are milliseconds, those ending in `At` since the epoch. */
export interface AttemptTrace {
  readonly attempt: number;
  /** When the call was first asked for: before its queueing, and before all earlier attempts. */
  readonly scheduledAt: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly queuedMs: number;
}

export interface StepResult {
  readonly output: Json;
  readonly trace: AttemptTrace;
}

/** The first detail of a failed attempt's ApplicationFailure. */
export interface FailureDetails {
  readonly trace?: AttemptTrace;
  readonly remedy?: string;
  readonly data?: { readonly [key: string]: Json };
}

export interface RunInput {
  readonly planId: string;
  /** Whole up to 8 KB; above, its skeleton. */
  readonly plan: Plan;
  readonly input: Json;
  readonly limits: RunLimits;
  /** Given where tokens are asked for as they come. */
  readonly sink?: SinkAddress;
  /** What the experiments on the pipeline gave this run; absent where it is in none. */
  readonly experiments?: readonly CarriedAssignment[];
}

export interface RunLimits {
  /** From the workflow's start to its output. */
  readonly deadlineMs: number;
  /** Whether the run's own budget sets that deadline: no help may then hide that it has passed. */
  readonly isBudget?: true;
  /** How long a call may wait for a worker. */
  readonly queueMs: number;
}

export interface FailureData {
  readonly code: string;
  readonly message: string;
  readonly node?: string;
  readonly key?: string;
  readonly details?: Json;
}

/** One row of the record: how one node's execution in this run went. */
export interface NodeRecord {
  /** Unique in the run: the node's id, with its rounds and items, such as `draft[2]`. */
  readonly key: string;
  readonly node: string;
  readonly kind: PlanNode['kind'];
  readonly step: string | null;
  readonly call: 'step' | 'fallback' | null;
  readonly outcome: NodeOutcome;
  /** Attempts at the calls of this node run, the fallback's included; 0 where nothing was called. */
  readonly attempts: number;
  readonly startedAt: number | null;
  readonly durationMs: number | null;
  readonly queuedMs: number | null;
  readonly error: FailureData | null;
}

export interface RunRecord {
  readonly outcome: RunOutcome;
  /** Null where there is none. */
  readonly output: Json;
  readonly error: FailureData | null;
  readonly finishedAt: number;
}

/** The experiments that a run is in. (Workflows of older code also say which of them they take to be reached.) */
export interface InExperiments {
  readonly assigned: readonly RunAssignment[];
}

/**
 * The recording activity: node records, and with the last of them the run's own. Idempotent on the run's id.
 *
 * Gives what the run has cost, once that is recorded and where it is known. (It gave nothing once: histories hold that.)
 */
export type RecordRun = (record: {
  readonly nodes: readonly NodeRecord[];
  readonly run?: RunRecord;
  /** Given where the run is in experiments. */
  readonly experiments?: InExperiments;
}) => Promise<RunCost | undefined>;

export interface RunCost {
  /** The sum of what is known. */
  readonly costUsd: number;
}

/** What the workflow itself returns: the record is in the store, this is what the Temporal UI shows. */
export interface RunSummary {
  readonly outcome: RunOutcome;
  /** The first of the node runs that did not end as intended. */
  readonly degraded: readonly string[];
}

/** Closes rows whose workflow ended without a record. */
export type SweepRuns = () => Promise<{ readonly closed: number }>;

/** How often the sweeper looks, and how often before it starts anew. */
export interface SweepSettings {
  readonly intervalMs: number;
  readonly rounds: number;
}

export const SWEEP_WORKFLOW = 'sweep';
export const RUN_WORKFLOW = 'runPipeline';
/** The update that starts a run and returns its output as soon as that is known. */
export const ANSWER_UPDATE = 'answer';
/** `type` of the failure of a run that has no output. Its details hold one `FailureData`. */
export const RUN_FAILED = 'RunFailed';

export const ATTRIBUTES = {
  pipeline: 'SluicePipeline',
  plan: 'SluicePlan',
  outcome: 'SluiceOutcome',
  unit: 'SluiceUnit',
  experiments: 'SluiceExperiments',
  arms: 'SluiceArms',
  score: 'SluiceScore',
  costUsd: 'SluiceCostUsd',
} as const;

/**
 * Where a run's unit meets its arms: the call of the first node reached among those that any arm of the experiment edits
 * takes the exposure with it, before anything is done. What no call took is decided with the run's record.
 */
export interface Reached {
  /** Experiments that are met at this node, each for the first of its nodes alone. */
  at(node: string): readonly RunAssignment[];
}

export function createReached(assignments: readonly CarriedAssignment[] = []): Reached {
  const waiting = new Set(assignments);
  return {
    at(node) {
      const met = [...waiting].filter(({ nodes }) => nodes.includes(node));
      for (const each of met) waiting.delete(each);
      return met.map(withoutNodes);
    },
  };
}

/** As it is kept. */
export function withoutNodes({ nodes: _, ...assignment }: CarriedAssignment): RunAssignment {
  return assignment;
}
