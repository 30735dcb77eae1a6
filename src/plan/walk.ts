/**
 * The walker: what running a plan means, as one pure function of the plan, its input and the order in which calls end.
 * A node starts when its refs are known. A failure blocks its readers, and only when it reaches a scope's result
 * is that scope stopped; so the outcome and the output of a run are the same in every order of completion. (One
 * exception: a later round under `keep-last` that an ordinary failure and a mistake both break is judged by the first.)
 * No clock, no randomness, no I/O, and no state outside the call: it runs in Temporal's workflow sandbox, in an
 * evaluation's memo, and in tests alike.
 */
import type { Json, Plan } from './plan.ts';
import { createAgenda } from './walk/agenda.ts';
import {
  type Execute,
  type Walk,
  type WalkError,
  WalkFailed,
  type WalkOptions,
  type WalkResult,
} from './walk/contract.ts';
import { errorOf, ownerOf, whenKnown } from './walk/frame.ts';
import { observe } from './walk/observe.ts';
import { place } from './walk/place.ts';
import { fail, neededYields, openFrame, type Run, stopAll } from './walk/run.ts';

export * from './walk/contract.ts';

/** Whom the pipeline's output wiring belongs to: no node can have this id. */
const OUTPUT = { node: 'output', key: 'output' } as const;
const CANCELLED = errorOf(OUTPUT, 'Cancelled', 'the run was cancelled from outside');

type Verdict =
  | { readonly outcome: 'completed'; readonly output: Json }
  | { readonly outcome: 'failed' | 'cancelled'; readonly error: WalkError };

/**
 * Runs a plan: every call it comes to is made through `execute`. Never throws; what goes wrong is in the two promises.
 *
 * @param plan assumed to have been checked; where it is not well formed, nodes fail with typed errors
 * @param input the pipeline's input, or a claim for it
 * @param execute makes one call, with its attempts, timeout and backoff
 */
export function walk(plan: Plan, input: Json, execute: Execute, options: WalkOptions = {}): Walk {
  const output = Promise.withResolvers<Json>();
  const finished = Promise.withResolvers<WalkResult>();
  output.promise.catch(() => undefined); // a host may care for `finished` only
  let verdict: Verdict | undefined;

  const run: Run = {
    agenda: createAgenda(findMore, (error) => end('failed', crash(error))),
    execute,
    neededYields: new Map(),
    onNode: options.onNode,
    place,
    cancel: () => run.agenda.stop(() => end('cancelled', CANCELLED)),
    states: [],
    callsUnderWay: 0,
    unsettled: 0,
  };
  function decide(decided: Verdict): void {
    if (verdict) return;
    verdict = decided;
    if (decided.outcome === 'completed') output.resolve(decided.output);
    else output.reject(new WalkFailed(decided.outcome, decided.error));
  }
  /** Stops all that is under way; an output that is known already stays. */
  function end(outcome: 'failed' | 'cancelled', error: WalkError): void {
    decide({ outcome, error });
    stopAll(run, outcome === 'failed' ? error : undefined);
  }
  /** Nothing is left to do: either calls are awaited, or nodes wait for each other, or the run is over. */
  function findMore(): boolean {
    if (run.callsUnderWay > 0) return false;
    const stuck = run.unsettled > 0 ? run.states.findLast((state) => !state.run) : undefined;
    if (stuck) fail(run, stuck, errorOf(ownerOf(stuck), 'NeverReady', `'${stuck.key}' waits for what is never known`));
    else if (verdict) finish(verdict);
    return stuck !== undefined;
  }
  function finish(decided: Verdict): void {
    options.cancel?.removeEventListener('abort', cancelFromOutside);
    // The scope that was entered first is the pipeline's own.
    const observed = options.observe && observe(options.observe, run.states[0]?.frame);
    finished.resolve({ ...resultOf(run, decided), ...(observed && { observed }) });
  }
  function cancelFromOutside(): void {
    run.cancel();
    run.agenda.drain();
  }
  function begin(): void {
    run.neededYields = neededYields(plan);
    const root = openFrame(run, plan.nodes, undefined, '', { name: 'input', value: input });
    whenKnown(plan.output, root, OUTPUT, (known) => {
      if ('error' in known) run.agenda.stop(() => end('failed', known.error));
      else if (known.value === undefined) end('failed', errorOf(OUTPUT, 'WiringAbsent', 'the output has no value'));
      else decide({ outcome: 'completed', output: known.value });
    });
  }

  if (options.cancel?.aborted) {
    decide({ outcome: 'cancelled', error: CANCELLED });
    run.cancel();
  }
  options.cancel?.addEventListener('abort', cancelFromOutside);
  run.agenda.spread(begin);
  run.agenda.drain();
  return { output: output.promise, finished: finished.promise };
}

function resultOf(run: Run, verdict: Verdict): WalkResult {
  const nodes = run.states.flatMap((state) => state.run ?? []);
  if (verdict.outcome === 'failed') return { outcome: 'failed', nodes, error: verdict.error };
  if (verdict.outcome === 'cancelled') return { outcome: 'cancelled', nodes };
  const asIntended = nodes.every(({ outcome }) => outcome === 'completed' || outcome === 'skipped');
  return { outcome: asIntended ? 'completed' : 'degraded', nodes };
}

/** A run beyond its limits, a fault of the walker, or an unchecked plan: still a typed end, never a hanging run. */
function crash(error: unknown): WalkError {
  if (error instanceof WalkFailed) return error.error;
  return { ...errorOf(OUTPUT, 'WalkerFault', String(error)), cause: error };
}
