/** One run of an evaluation: the plan walked over the memo, and what is known of it afterwards. */
import type { JsonObject } from '../../model/dataset.ts';
import { NO_FACTS, type ResultError, type RunFacts } from '../../model/evaluation-result.ts';
import type { Json, NodeOutcome, Plan } from '../../plan/plan.ts';
import type { From } from '../../plan/resolve.ts';
import { EVALUATION_BUDGET, type Observed, type WalkResult, walk } from '../../plan/walk.ts';
import type { PaidBy } from '../../store/memo.ts';
import type { Spending } from '../../store/spending.ts';
import type { MemoHost, MemoWalk } from '../memo-host.ts';
import { runFacts, runLatency } from '../run-facts.ts';
import { observationKey, type SeenRun } from './scorer-input.ts';

export interface RunPlace {
  readonly plan: Plan;
  readonly input: JsonObject;
  readonly slot: string;
  /** What scorers will ask of it. */
  readonly observe: readonly From[];
  readonly signal: AbortSignal;
}

export interface RunHost {
  readonly host: MemoHost;
  /** What calls have cost, in the order asked. */
  readonly spend: (call: PaidBy) => Promise<Spending>;
}

/** What becomes of a run's scores is in how it ended, too. */
export interface EndedRun extends SeenRun {
  readonly outcome: WalkResult['outcome'] | 'missing';
  readonly error: ResultError | null;
}

export interface PlayedRun extends EndedRun {
  /** Scorers make their calls in it, too. */
  readonly walk: MemoWalk;
}

/** @throws the signal's reason when it aborts */
export async function playRun({ host, spend }: RunHost, place: RunPlace): Promise<PlayedRun> {
  const { plan, input, slot, observe, signal } = place;
  const memoWalk = host.begin(slot);
  const wirings = observe.map((ref) => ({ $from: ref }));
  const { output, finished } = walk(plan, input, memoWalk.execute, { cancel: signal, observe: wirings });
  const result = await finished;
  signal.throwIfAborted();
  const ended = endOf(result, await output.catch(() => undefined), observe);
  const isMissing = ended.outcome === 'missing';
  const facts = isMissing ? NO_FACTS : await factsOf({ plan, input, memoWalk, result, spend });
  return { ...ended, facts, walk: memoWalk };
}

/**
 * The end of a run, as scorers see it. A run that met an infrastructure failure is missing, even when a fallback gave
 * an output.
 */
export function endOf(result: WalkResult, output: Json | undefined, observe: readonly From[]): Omit<EndedRun, 'facts'> {
  const trouble = result.nodes.find(madeDo)?.error;
  if (trouble) return { ...MADE_DO, error: errorOf(trouble) };
  const error = result.error ? errorOf(result.error) : null;
  const isMissing = error !== null && isFromOutside(error.code);
  const nodes = observedBy(observe, result.observed);
  return { outcome: isMissing ? 'missing' : result.outcome, error, output, nodes };
}

/** Whether a node found help against what another time might not have met. */
export const madeDo = ({
  outcome,
  error,
}: {
  readonly outcome: NodeOutcome;
  readonly error?: { readonly code: string };
}) => HELPED.has(outcome) && error !== undefined && isPassing(error.code);

const HELPED: ReadonlySet<NodeOutcome> = new Set(['fallback', 'or-else', 'exhausted']);

/** A run that met an infrastructure failure: scorers do not see its output. */
const MADE_DO = Object.freeze({
  outcome: 'missing',
  output: undefined,
  nodes: new Map<string, Observed>(),
});

const errorOf = ({ code, message, node }: NonNullable<WalkResult['error']>): ResultError => ({
  code,
  message,
  node,
});

/** What a walk has observed, as scorers ask for it. */
export function observedBy(refs: readonly From[], observed: readonly Observed[] = []): ReadonlyMap<string, Observed> {
  return new Map(refs.map((ref, place) => [observationKey(ref), observed[place]!]));
}

interface Facts {
  readonly plan: Plan;
  readonly input: Json;
  readonly memoWalk: MemoWalk;
  readonly result: WalkResult;
  readonly spend: RunHost['spend'];
}

async function factsOf({ plan, input, memoWalk, result, spend }: Facts): Promise<RunFacts> {
  const [spent, latency] = await Promise.all([
    Promise.all(memoWalk.calls.map(spend)),
    runLatency(plan, input, memoWalk.recorded),
  ]);
  return runFacts({ outcome: result.outcome, latencyMs: latency.outputMs, spent });
}

/** What another time, another key or more money would not have met. */
const PASSING: ReadonlySet<string> = new Set([
  EVALUATION_BUDGET,
  'dry_run_missing',
  'heartbeat_lost',
  'key_invalid',
  'key_missing',
  'no_worker',
  'overloaded',
  'payload_missing',
  'price_unknown',
  'quota_exhausted',
  'rate_limited',
]);
/** What is missing where the variant is evaluated. A run that does without is scored as one. */
const LACKING: ReadonlySet<string> = new Set([
  'model_unknown',
  // By the rules of redaction, which are not the variant's.
  'redaction_unfit',
  'embedding_model_differs',
  'embedding_model_unknown',
  'index_not_built',
  'index_not_embedded',
  'index_unknown',
  // No search could be made at all.
  'retrieval_failed',
  'snapshot_unknown',
  'step_unknown',
]);
const FROM_STORE = /^database_/;

/**
 * Classifies failures by error code. A variant failure (a refusal, a useless reply, an oversized prompt, its own time
 * limit or budget, a bug in its step) is an outcome and scores worst. An infrastructure failure (an unavailable
 * provider, a key, a lost worker, the database) says nothing about the variant: its cells are missing. So are those of
 * a run that avoided such a failure by a fallback, since the score would be the fallback's.
 */
const isPassing = (code: string): boolean => PASSING.has(code) || FROM_STORE.test(code);
export const isFromOutside = (code: string): boolean => isPassing(code) || LACKING.has(code);
