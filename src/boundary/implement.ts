/**
 * Binds a step's contract to the plain function that does its work. The function sees its parsed input and a context;
 * everything else (schemas, sizes, heartbeats, times) is the boundary's, so a step is a function and nothing more.
 */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getCallSites } from 'node:util';
import type { AnyStep, ConfigOf, InputOf, OutputOf } from '../dsl/step.ts';
import type { RunAssignment } from '../model/assign.ts';
import type { Priority } from '../model/provider-call.ts';
import type { SinkAddress } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';

/** What a step's function may know about the call it is in. */
export interface StepContext<Config> {
  readonly config: Config;
  /** Aborts when the call is cancelled or its time is up: hand it to `fetch` and to the database. */
  readonly signal: AbortSignal;
  /** Tells the server that work goes on, for steps that beat on their own progress. */
  readonly heartbeat: (progress?: string | number) => void;
  /**
   * Hands on the next piece of the text that the step is writing, for callers that watch it grow. It never waits and
   * never fails, and costs nothing where nobody watches. What counts is what the step returns: a failed attempt's text is
   * taken back.
   */
  readonly emit: (text: string) => void;
  /** The same for every attempt at this node run, and for no other: `<run id>:<node key>`. */
  readonly idempotencyKey: string;
  readonly runId: string;
  /** The node run's key, such as `draft[2]`. */
  readonly key: string;
  /** From 1. */
  readonly attempt: number;
  /** Serving has priority over evaluation when calls wait for a rate limit. */
  readonly priority: Priority;
}

export type Implementation<S extends AnyStep> = (
  input: InputOf<S>,
  context: StepContext<ConfigOf<S>>,
) => OutputOf<S> | Promise<OutputOf<S>>;

/** A contract with its function, as the worker registers it. */
export interface Implemented {
  readonly step: AnyStep;
  readonly run: (input: unknown, context: StepContext<unknown>) => unknown;
  /** The file that implements it, as a file URL: what it is made of begins there. Evaluations need it. */
  readonly source?: string;
}

/**
 * Binds `run` to `step`; the compiler holds the function to the contract.
 *
 * A score of an evaluation is used again while the code behind the step is the same: the file that calls this function, and
 * what it imports. What else a step's function is made with (numbers, prompts) belongs into the step's config.
 *
 * @param source the file that `run` comes from, as a URL; default: the one that calls this function. A helper that
 * implements steps for other files hands on their `import.meta.url`.
 * @example
 * export const keepOrderLocal = implement(keepOrder, ({ passages }, { config }) => ({ passages: passages.slice(0, config.topN) }));
 */
export function implement<S extends AnyStep>(
  step: S,
  run: Implementation<S>,
  source: string | undefined = callingFile(),
): Implemented {
  // The boundary parses input and config by the step's own schemas before it calls `run`.
  return Object.freeze({ step, run: run as Implemented['run'], ...(source !== undefined && { source }) });
}

/** Of the stack: this file's two functions, their caller, and some spare lines without a file. */
const FRAMES = 6;
const OWN_FRAMES = 2;

/** The file that called `implement`, which must be what calls this. */
function callingFile(): string | undefined {
  // As the code runs, also where source maps know what it was written as: that file may not be there.
  const callers = getCallSites(FRAMES, { sourceMap: false }).slice(OWN_FRAMES);
  return callers.map(({ scriptName }) => asFileUrl(scriptName)).find((url) => url !== undefined);
}

function asFileUrl(scriptName: string): string | undefined {
  if (scriptName.startsWith('file:')) return scriptName;
  // CommonJS, and test runners, name files by their path.
  return isAbsolute(scriptName) ? pathToFileURL(scriptName).href : undefined;
}

/**
 * One attempt at one call, as the boundary's wrappers see it, and how they are put together. A wrapper is a function
 * around the next one, so what the boundary does to a step reads as a list, outermost first.
 */
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
