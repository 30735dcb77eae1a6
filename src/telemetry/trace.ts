/**
 * A run as one tree: run, node runs as the plan nests them, attempts, calls to providers. It is a view: every fact in it is
 * read from the record, and nothing is stored for it that another row has. What is not known says why.
 */
import type { Json, NodeOutcome, PlanNode } from '../plan/plan.ts';
import type { FeedbackRow } from '../store/feedback.ts';
import type { RunRow, RunState } from '../store/runs.ts';
import type { RunSpending, Spending } from '../store/spending.ts';
import type { AttemptRow, TracedCallRow } from '../store/traces.ts';

/** A value, or why it cannot be shown. */
export type Shown = { readonly value: Json } | { readonly missing: string };

/** Times are milliseconds, those ending in `At` since the epoch; null where they are not known. */
export interface Span {
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export interface Trace extends Span {
  readonly runId: string;
  readonly pipeline: string;
  readonly variant: string | null;
  readonly planId: string;
  readonly state: RunState;
  /** The arm by experiment. */
  readonly arms: RunRow['arms'];
  readonly input: Shown;
  readonly output: Shown;
  /** `{code, message, node?, key?, details?}`; null where it did not fail. */
  readonly error: Json;
  readonly spent: Spending;
  /** Those of the pipeline's own scope, in plan order. */
  readonly nodes: readonly TraceNode[];
  /** What people, and scorers, said of it. */
  readonly feedback: readonly FeedbackRow[];
  readonly temporalUrl: string;
}

/** A node run; or a round of a loop, an item of a map, the arm of a branch that was taken. */
export interface TraceNode extends Span {
  /** The node run: `draft[2]`. Of a round, item or arm: that of its container, with the round, item or arm. */
  readonly key: string;
  /** The node's id; of a round, item or arm, what it is. */
  readonly name: string;
  readonly kind: PlanNode['kind'] | 'round' | 'item' | 'arm';
  /** `generate@2`, of the last call that was made. */
  readonly step: string | null;
  /** `running`: it is under way. `lost`: its run was ended from outside before it was recorded. Null of a part. */
  readonly outcome: NodeOutcome | 'running' | 'lost' | null;
  /** How long its first attempt waited for a worker. */
  readonly queuedMs: number | null;
  readonly input: Shown;
  readonly output: Shown;
  readonly error: Json;
  /** What its own calls have cost. */
  readonly spent: Spending | null;
  readonly attempts: readonly TraceAttempt[];
  /** What is nested in it. */
  readonly nodes: readonly TraceNode[];
}

export interface TraceAttempt extends Span {
  readonly call: AttemptRow['call'];
  /** From 1. */
  readonly attempt: number;
  readonly step: string | null;
  /** `lost`: nothing came back of it, since its worker ended or was cut off. */
  readonly outcome: AttemptRow['outcome'] | 'lost' | 'running';
  readonly queuedMs: number | null;
  /** Who made it; null where that was not kept. */
  readonly worker: string | null;
  readonly error: Json;
  readonly calls: readonly TraceCall[];
}

export interface TraceCall extends Omit<TracedCallRow, 'request' | 'response' | 'key' | 'attempt'> {
  readonly request: Shown;
  readonly response: Shown;
}

/** A span's length in milliseconds; null where an end of it is not known. */
export const lengthOf = ({ startedAt, endedAt }: Span): number | null =>
  startedAt === null || endedAt === null ? null : Math.max(0, endedAt - startedAt);

/** What a trace is made of, as the store has it. */
export interface TraceParts {
  readonly run: RunRow & { readonly spent: RunSpending };
  readonly input: Shown;
  readonly output: Shown;
  readonly attempts: readonly AttemptRow[];
  readonly calls: readonly TracedCallRow[];
  readonly feedback: readonly FeedbackRow[];
  readonly temporalUrl: string;
}
