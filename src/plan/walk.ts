/**
 * The walker: what running a plan means, as one pure function of the plan, its input and the order in which calls end.
 * A node starts when its refs are known. A failure blocks its readers, and only when it reaches a scope's result
 * is that scope stopped; so the outcome and the output of a run are the same in every order of completion. (One
 * exception: a later round under `keep-last` that an ordinary failure and a mistake both break is judged by the first.)
 * No clock, no randomness, no I/O, and no state outside the call: it runs in Temporal's workflow sandbox, in an
 * evaluation's memo, and in tests alike.
 */
import type { Json, Plan, Wiring } from './plan.ts';
import { enter, evaluate, type From, narrow } from './resolve.ts';
import {
  type Execute,
  type Missing,
  type Observed,
  type Walk,
  type WalkError,
  WalkFailed,
  type WalkOptions,
  type WalkResult,
} from './walk/contract.ts';
import {
  createAgenda,
  errorOf,
  type Frame,
  holderOf,
  type NodeState,
  ownerOf,
  seenOutside,
  valueIn,
  whenKnown,
} from './walk/frame.ts';
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

// What scorers and metrics see of a finished run: wiring, read as the output's is, but never a fallback value.
// `orElse` is a fallback for a missing value, so an unchanged copy of it is missing too: read from the node itself,
// or through the yield of a loop, a branch or a map, a carry or an item. What a step made of a fallback value is real.

/** By frame and ref, so that long chains of yields are followed once. */
type Memo = Map<Frame, Map<string, Observed>>;

/** @param root the pipeline's own scope, of a run that has finished; undefined where that was never entered */
function observe(wirings: readonly Wiring[], root: Frame | undefined): readonly Observed[] {
  const memo: Memo = new Map();
  return wirings.map((wiring) => {
    try {
      return see(wiring, root, memo);
    } catch {
      // An unchecked plan may nest deeper than the stack: the run's own result must not be lost for that.
      return { missing: 'WalkerFault', node: 'output' };
    }
  });
}

/** An optional value that is absent leaves its key out of an object, and is missing anywhere else. */
function see(wiring: Wiring, frame: Frame | undefined, memo: Memo): Observed {
  const missing: Missing[] = [];
  const absent: Missing[] = [];
  const resolved = evaluate(wiring, (ref) => {
    const seen = seeRef(ref, frame, memo);
    if ('value' in seen) return seen.value;
    (seen.missing === 'absent' ? absent : missing).push(seen);
    return undefined;
  });
  if (missing[0]) return missing[0];
  return 'fault' in resolved || resolved.value === undefined ? absent.at(-1)! : { value: resolved.value };
}

function seeRef(ref: From, frame: Frame | undefined, memo: Memo): Observed {
  const holder = holderOf(frame, ref[0]);
  if (!holder) return { missing: 'WiringUnknown', node: ref[0] };
  const path = JSON.stringify(ref);
  const seen = memo.get(holder) ?? new Map<string, Observed>();
  memo.set(holder, seen);
  const observed = seen.get(path) ?? seeSource(ref, holder, memo);
  seen.set(path, observed);
  return observed;
}

function seeSource([name, ...fields]: From, holder: Frame, memo: Memo): Observed {
  const state = stateOf(holder, name);
  return state ? seeNode(state, fields, memo) : seeLocal(name, fields, holder, memo);
}

function seeNode(state: NodeState, fields: readonly string[], memo: Memo): Observed {
  const { node, source, run } = state;
  switch (run?.outcome) {
    case 'completed':
    case 'fallback':
    case 'exhausted':
    case 'truncated':
      break;
    default:
      return { missing: run?.outcome ?? 'cancelled', node: node.id };
  }
  if (source.kind === 'loop') {
    const last = valueIn(source.cell)!;
    return seeFields(seenOutside(source.node.yields, last), fields, last.frame, node.id, memo);
  }
  if (state.arm) return seeFields(state.arm.yields, fields, state.scopes[0]!, node.id, memo);
  if (node.kind === 'map') {
    for (const item of state.scopes) {
      const seen = see(node.yields, item, memo);
      if ('missing' in seen) return seen;
    }
  }
  return entered(valueIn(source.cell), fields, node.id);
}

/** The run's input, and what a container hands its body: as real as what it was taken from. */
function seeLocal(name: string, fields: readonly string[], holder: Frame, memo: Memo): Observed {
  const owner = holder.parent && stateOf(holder.parent, name.split(':')[0]!);
  const source = holder.sources.get(name)!;
  if (owner?.node.kind === 'repeat') {
    const before = owner.scopes[owner.scopes.indexOf(holder) - 1];
    if (before) return seeFields(owner.node.carry, fields, before, owner.node.id, memo);
  }
  if (owner?.node.kind === 'map') {
    const over = see(owner.node.over, owner.frame, memo);
    if ('missing' in over) return over;
  }
  return entered(source.kind === 'value' ? valueIn(source.cell) : undefined, fields, name);
}

function seeFields(wiring: Wiring, fields: readonly string[], frame: Frame, name: string, memo: Memo): Observed {
  const narrowed = narrow(wiring, fields);
  const seen = see(narrowed.wiring, frame, memo);
  return 'value' in seen ? entered(seen.value, narrowed.fields, name) : seen;
}

function entered(whole: Json | undefined, fields: readonly string[], name: string): Observed {
  const resolved = enter(whole, fields, name);
  if ('fault' in resolved) return { missing: resolved.fault.code, node: name };
  return resolved.value === undefined ? { missing: 'absent', node: name } : { value: resolved.value };
}

const stateOf = (frame: Frame, id: string) => frame.states.find(({ node }) => node.id === id);
