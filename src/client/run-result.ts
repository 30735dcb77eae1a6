/** What a caller gets of a run: the contract of `sluice ask --json`. A run that failed is a result too, not an exception. */
import type { FailureData } from '../model/run-messages.ts';
import type { Json, NodeOutcome, RunOutcome } from '../plan/plan.ts';
import type { ProviderCallRow } from '../store/provider-calls.ts';
import type { NodeRunRow, RunWithNodes } from '../store/runs.ts';
import { NOTHING_SPENT, type Spending } from '../store/spending.ts';

/** With what its calls to providers have cost: `costUsd` is null where that is not known, never 0 for that. */
export interface NodeResult extends Spending {
  readonly id: string;
  /** The node run: `draft[2]`. */
  readonly key: string;
  readonly step: string | null;
  readonly outcome: NodeOutcome;
  readonly attempts: number;
  readonly durationMs: number | null;
  readonly error: FailureData | null;
}

/** With what all its calls to providers have cost, also those of attempts that failed. */
export interface RunResult extends Spending {
  readonly runId: string;
  readonly pipeline: string;
  /** Null where the pipeline itself was asked. */
  readonly variant: string | null;
  readonly planId: string;
  readonly arms: { readonly [experiment: string]: string };
  readonly outcome: RunOutcome;
  /** Null when the run failed or was cancelled. */
  readonly output: Json;
  readonly degraded: boolean;
  readonly nodes: readonly NodeResult[];
  readonly error: FailureData | null;
  readonly durationMs: number | null;
  /** To providers, in the order in which they left. */
  readonly calls: readonly ProviderCallRow[];
  readonly temporalUrl: string;
  /** Given where its output, and all that was said in words, is gone: when, and for its age or as somebody wished. */
  readonly contentRemoved?: { readonly at: number; readonly by: 'retention' | 'erasure' };
}

/** @param restore gives back what of the output was stored aside for its size */
export async function resultOf(
  run: RunWithNodes,
  temporalUrl: string,
  restore: (output: Json) => Promise<Json>,
): Promise<RunResult> {
  const { byKey, ...spent } = run.spent;
  return Object.freeze({
    runId: run.runId,
    pipeline: run.pipeline,
    variant: run.variant,
    planId: run.planId,
    arms: run.arms,
    outcome: run.state as RunOutcome,
    output: await restore(run.output),
    degraded: run.state === 'degraded',
    nodes: [...run.nodes].sort(byStart).map((row) => nodeResult(row, byKey.get(row.key) ?? NOTHING_SPENT)),
    error: run.error as FailureData | null,
    durationMs: run.finishedAt === null ? null : run.finishedAt - run.startedAt,
    ...spent,
    calls: run.calls,
    temporalUrl,
    ...(run.contentRemovedAt !== null && {
      contentRemoved: { at: run.contentRemovedAt, by: run.contentRemovedBy! },
    }),
  });
}

function nodeResult(row: NodeRunRow, spent: Spending): NodeResult {
  const { node: id, key, step, outcome, attempts, durationMs } = row;
  return { id, key, step, outcome, attempts, durationMs, ...spent, error: row.error as FailureData | null };
}

/** In the order in which they began; those that made no call (containers, skipped nodes) come last. */
function byStart(a: NodeRunRow, b: NodeRunRow): number {
  return (a.startedAt ?? Number.MAX_SAFE_INTEGER) - (b.startedAt ?? Number.MAX_SAFE_INTEGER);
}

// What a caller sees of a run that it watches. The rule for showing a text: append each `token`, forget all of that node
// at its `retract`, and at `accepted` append what is left of it. What stands there then is the recorded answer.

/** A draft: what one attempt at one node run writes. */
export interface DraftName {
  readonly runId: string;
  readonly node: string;
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  /** From 1; a fallback counts anew. */
  readonly attempt: number;
  /** Of the innermost loop around the node, from 1; 1 outside of loops. */
  readonly round: number;
}

/** More text of a draft; `seq` counts from 0 in each. Only where drafts were asked for. */
export interface TokenEvent extends DraftName {
  readonly kind: 'token';
  readonly seq: number;
  readonly text: string;
}

/** All that was shown of this draft is void: it failed, another took its place, or the answer is none of it. */
export interface RetractEvent extends DraftName {
  readonly kind: 'retract';
}

/** The run has its output, and it stays. */
export interface AcceptedEvent {
  readonly kind: 'accepted';
  readonly runId: string;
  /** The answer's text; null if the plan does not determine a single text of the output. */
  readonly text: string | null;
  /** What of it no token has shown: all of it where drafts were not asked for. */
  readonly rest: string | null;
  readonly output: Json;
}

/** Some nodes gave second best: their keys. */
export interface DegradedEvent {
  readonly kind: 'degraded';
  readonly runId: string;
  readonly keys: readonly string[];
}

/** The run is recorded: the last event of one that has an output. */
export interface AnswerEvent {
  readonly kind: 'answer';
  readonly runId: string;
  readonly result: RunResult;
}

/** The run failed or was cancelled (`result.outcome`): the last event of one that has no output. */
export interface FailedEvent {
  readonly kind: 'failed';
  readonly runId: string;
  readonly error: FailureData | null;
  readonly result: RunResult;
}

export type StreamEvent = TokenEvent | RetractEvent | AcceptedEvent | DegradedEvent | AnswerEvent | FailedEvent;
