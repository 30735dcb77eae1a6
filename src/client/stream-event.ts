/**
 * What a caller sees of a run that it watches. The rule for showing a text: append each `token`, forget all of that node
 * at its `retract`, and at `accepted` append what is left of it. What stands there then is the recorded answer.
 */
import type { FailureData } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';
import type { RunResult } from './run-result.ts';

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
  /** The answer's text; null where the output has no one text that could be told from the plan. */
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
