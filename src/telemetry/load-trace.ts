/** Reads a run's trace from the store. What nodes were given is not stored: it follows from what the others gave. */
import { SluiceError } from '../base/errors.ts';
import { callsOf, indexOf } from '../evaluation/pins.ts';
import { type RecordedNode, type RecordedRun, replay } from '../experiment/rerun/replay.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { hasClaim, type Payloads, restoreClaims } from '../store/claims.ts';
import type { Indexes } from '../store/indexes.ts';
import type { RunWithNodes } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type Shown, type Trace, traceOf, type Values } from './trace.ts';

export interface TraceSource {
  readonly store: Pick<Store, 'runs' | 'plans' | 'payloads' | 'feedback' | 'traces'>;
  /** Where the run's workflow is shown. */
  readonly urlOf: (runId: string) => string;
}

/**
 * The trace of the run with this id or unique id prefix.
 *
 * @throws SluiceError `run_unknown`, `run_ambiguous`, `plan_unknown`
 */
export async function loadTrace({ store, urlOf }: TraceSource, idOrPrefix: string): Promise<Trace> {
  const run = await store.runs.get(idOrPrefix);
  const { runId, planId, state } = run;
  const [plan, outputs, attempts, calls, feedback] = await Promise.all([
    store.plans.get(planId),
    store.runs.outputs(runId),
    store.traces.attempts.ofRun(runId),
    store.traces.calls(runId),
    store.feedback.ofRun(runId),
  ]);
  const show = (value: Json) => shown(store.payloads, value);
  const removed = removalOf(run);
  const hasOutput = state === 'completed' || state === 'degraded';
  const none = state === 'running' ? 'it has none yet' : `it has none: the run ${PAST[state]}`;
  const output: Shown = hasOutput ? (removed ?? (await show(run.output))) : { missing: none };
  const parts = {
    run,
    input: removed ?? (await show(run.input)),
    output,
    attempts,
    calls,
    feedback,
    temporalUrl: urlOf(runId),
  };
  return traceOf(parts, plan, run.nodes, await valuesOf(run, plan, outputs, show));
}

/** The notice shown in place of removed content. */
function removalOf({ contentRemovedAt, contentRemovedBy }: RunWithNodes): { readonly missing: string } | undefined {
  if (contentRemovedAt === null) return undefined;
  const day = new Date(contentRemovedAt).toISOString().slice(0, 10);
  return { missing: `removed on ${day} by ${contentRemovedBy ?? 'retention'}` };
}

const PAST = { running: 'runs', completed: '', degraded: '', failed: 'failed', cancelled: 'was cancelled' } as const;

async function valuesOf(
  run: RunWithNodes,
  plan: Plan,
  outputs: ReadonlyMap<string, Json>,
  show: (value: Json) => Promise<Shown>,
): Promise<Values> {
  const removed = removalOf(run);
  if (removed) return { inputs: new Map(), outputs: new Map(), unkept: removed.missing };
  const inputs = await inputsOf({ runId: run.runId, plan, input: run.input, nodes: run.nodes, outputs });
  const unkept =
    run.state === 'running'
      ? 'what nodes gave is kept when the run has ended'
      : 'not kept: the run was recorded by an older version, or its history could not be read';
  return { inputs: await each(inputs, show), outputs: await each(outputs, show), unkept };
}

/** By the node run's key. An unknown output hides only the inputs made from it. */
async function inputsOf(record: RecordedRun): Promise<ReadonlyMap<string, Json>> {
  const { nodes, outputs } = record;
  const isKnown = ({ key, outcome }: RecordedNode) => !GIVES.has(outcome) || outputs.has(key);
  const inputs = new Map<string, Json>();
  await replay({ ...record, nodes: nodes.filter(isKnown) }, [], ({ key, input }) => inputs.set(key, input));
  return inputs;
}

/** Outcomes of calls that gave something. */
const GIVES: ReadonlySet<string> = new Set(['completed', 'fallback']);

async function each(values: ReadonlyMap<string, Json>, show: (value: Json) => Promise<Shown>) {
  const entries = await Promise.all([...values].map(async ([key, value]) => [key, await show(value)] as const));
  return new Map(entries);
}

async function shown(payloads: Payloads, value: Json): Promise<Shown> {
  if (!hasClaim(value)) return { value };
  try {
    return { value: await restoreClaims(payloads, value) };
  } catch {
    return { missing: 'it was stored aside for its size, and is not there any more' };
  }
}

// The snapshots that a run has read: per index the newest at its start, or the one in a config. Derived from commit
// times. Pruned snapshots are left out.

/** Hashes by index. @param at milliseconds since the epoch */
export async function snapshotsAt(
  plan: Plan,
  at: number,
  indexes: Pick<Indexes, 'snapshots'>,
): Promise<{ readonly [index: string]: string }> {
  const read = callsOf([plan], []).flatMap((call) => indexOf(call) ?? []);
  const prefixes = new Map(read.map(({ index, prefix }) => [index, prefix]));
  const entries = await Promise.all(
    [...prefixes].map(async ([index, prefix]) => {
      const found = (await known(indexes, index)).find(({ hash, createdAt }) =>
        prefix === undefined ? createdAt <= at : hash.startsWith(prefix),
      );
      return found === undefined ? [] : [[index, found.hash] as const];
    }),
  );
  return Object.fromEntries(entries.flat());
}

/** Newest first; none where there is no such index. */
async function known(indexes: Pick<Indexes, 'snapshots'>, index: string) {
  try {
    return await indexes.snapshots(index);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'index_unknown') return [];
    throw error;
  }
}
