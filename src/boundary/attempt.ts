/**
 * One attempt at one call, as the boundary's wrappers see it, and how they are put together. A wrapper is a function
 * around the next one, so what the boundary does to a step reads as a list, outermost first.
 */
import type { AnyStep } from '../dsl/step.ts';
import type { RunAssignment } from '../model/assignment.ts';
import type { Priority } from '../model/provider-call.ts';
import type { SinkAddress } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';

export interface Attempt {
  readonly step: AnyStep;
  /** Parsed by the step's own config schema. */
  readonly config: unknown;
  readonly input: Json;
  readonly runId: string;
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly call: 'step' | 'fallback';
  /** From 1. */
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly heartbeatMs: number | undefined;
  readonly beats: 'timer' | 'progress';
  readonly signal: AbortSignal;
  readonly heartbeat: (progress?: string | number) => void;
  /** Where tokens go; absent where nobody asked for them. */
  readonly sink?: SinkAddress;
  /** Takes what the step writes, as it writes it; absent where nobody listens. */
  readonly emit?: Emit;
  /** Experiments whose arm the run's unit meets here. */
  readonly exposures?: readonly RunAssignment[];
  /** Whether somebody waits for it (default), or it is part of an evaluation. */
  readonly priority?: Priority;
}

export type Emit = (text: string) => void;

export type Next = (attempt: Attempt) => Promise<Json>;
export type Wrapper = (attempt: Attempt, next: Next) => Promise<Json>;

/** Nests the wrappers around `innermost`, the first of the list outermost. */
export function compose(wrappers: readonly Wrapper[], innermost: Next): Next {
  return wrappers.reduceRight<Next>((next, wrapper) => (attempt) => wrapper(attempt, next), innermost);
}
