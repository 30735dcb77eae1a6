/**
 * A recorded run, again, from a node on: another plan on the same input, in which a call that is the same as the recorded
 * run's, in the same place, comes to what it came to then and is not made. So nothing is called before the first node that
 * differs, and after it only what is given something else. Backtests and shadows are this function over different runs.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import { labelsFor } from '../../evaluation/calibration/for-comparison.ts';
import { createLabelled, loadRatings } from '../../evaluation/calibration/labelled.ts';
import { compareEvaluations } from '../../evaluation/compare/compare.ts';
import type { ComparisonReport, EvaluationFacts, ExampleInfo } from '../../evaluation/compare/comparison-report.ts';
import { scoreMatrixOf } from '../../evaluation/compare/score-matrix.ts';
import { callName, outcomeValue, type RecordedCall, type RecordedCalls } from '../../evaluation/run-facts.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import { type EvaluationSpec, SPEC_FORMAT } from '../../model/evaluation-spec.ts';
import type { RerunSide, RerunSpec } from '../../model/rerun-spec.ts';
import { isSameJson } from '../../plan/id.ts';
import { bodiesOf, findNode, nodesOf, sourcesOf } from '../../plan/nodes.ts';
import type { OpenWrite, WriteOf } from '../../plan/open-writes.ts';
import type { Json, NodeOutcome, Plan, PlanNode, Wiring } from '../../plan/plan.ts';
import { CALL_CANCELLED, CallFailure, type CallRequest, type Execute, type WalkResult, walk } from '../../plan/walk.ts';
import type { RerunRow, StoredResult } from '../../store/reruns.ts';
import type { Store } from '../../store/store.ts';
import { callOf, isOwn, type RecordedRun, type Replayed, replay } from './replay.ts';

export interface RerunRequest {
  /** Whole; most often the record's own with a variant's edits. */
  readonly plan: Plan;
  readonly record: RecordedRun;
  /** Ids of nodes whose recorded calls are not reused: edited nodes, or those from which the rerun starts. */
  readonly fresh: ReadonlySet<string>;
  /** Of the steps that write: outside live runs they are not executed. */
  readonly writeOf: WriteOf;
  /** Makes a call that is not on record; of a step that writes, it gives its dry run. */
  readonly execute: Execute;
  /** Wirings to be read of both runs: see `WalkOptions`. */
  readonly observe?: readonly Wiring[];
  readonly cancel?: AbortSignal;
}

export interface Rerun {
  /** The recorded run as it was. */
  readonly served: Replayed;
  readonly result: WalkResult;
  /** Undefined where it has none. */
  readonly output: Json | undefined;
  /** The calls that were not made, with what they took when they were. */
  readonly reused: RecordedCalls;
  readonly calls: { readonly reused: number; readonly made: number };
}

/** @throws SluiceError `outputs_missing`; what goes wrong in the run is in its result */
export async function rerun({
  plan,
  record,
  fresh,
  writeOf,
  execute,
  observe = [],
  cancel,
}: RerunRequest): Promise<Rerun> {
  const served = await replay(record, observe);
  const reused = new Map<string, RecordedCall>();
  let made = 0;
  const { output, finished } = walk(
    plan,
    record.input,
    async (request) => {
      const isWrite = writeOf(callOf(request).step) !== undefined;
      const same = fresh.has(request.node.id) ? undefined : sameCall(request, served);
      const known = same ?? (isWrite ? recordedOutput(request, served) : undefined);
      if (known) {
        reused.set(callName(request), known);
        return outcomeValue(known.outcome);
      }
      // All that follows from what is on record follows at once: a call that this makes useless is not begun.
      await settled();
      if (request.signal.aborted) throw new CallFailure(CALL_CANCELLED, 'the call was cancelled', { retryable: false });
      if (!isWrite) made += 1;
      return execute(request);
    },
    { observe, ...(cancel && { cancel }) },
  );
  const given = output.catch(() => undefined);
  const result = await finished;
  return { served, result, output: await given, reused, calls: { reused: reused.size, made } };
}

/** What the same call came to in the recorded run, where it would come to that again. */
function sameCall(request: CallRequest, { calls, recorded }: Replayed): RecordedCall | undefined {
  const name = callName(request);
  const [then, outcome] = [calls.get(name), recorded.get(name)];
  if (then === undefined || outcome === undefined || !isOwn(outcome)) return undefined;
  const now = { call: callOf(request), input: request.input };
  return isSameJson(then as unknown as Json, now as unknown as Json) ? outcome : undefined;
}

/** The recorded output of the same step in the same place, even if its input differed: a `write` is never executed again. */
function recordedOutput(request: CallRequest, { calls, recorded }: Replayed): RecordedCall | undefined {
  const name = callName(request);
  const known = recorded.get(name);
  const isSame = calls.get(name)?.call.step === callOf(request).step;
  return isSame && known !== undefined && 'value' in known.outcome ? known : undefined;
}

/**
 * The node and all that is downstream of it, by id.
 *
 * @throws SluiceError `node_unknown`
 */
export function downstreamOf(plan: Plan, from: string): ReadonlySet<string> {
  const nodes = [...nodesOf(plan)];
  const ids = nodes.map(({ id }) => id);
  const first = findNode(plan, from);
  if (first === undefined)
    throw new SluiceError('node_unknown', {
      message: `there is no node '${from}' in '${plan.pipeline}'`,
      remedy: suggest(from, ids, 'the plan has no nodes'),
      data: { node: from },
    });
  const found = new Set([...nodesOf({ nodes: [first] })].map(({ id }) => id));
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const node of nodes) {
      const inside = bodiesOf(node).flatMap((body) => body.nodes);
      // What is in a container that is entered otherwise is run otherwise; and what reads a container reads what is in it.
      if (wiringsOf(node).some((wiring) => readsAny(wiring, found))) found.add(node.id);
      if (inside.some(({ id }) => found.has(id))) found.add(node.id);
      if (isSteeredBy(node, found)) for (const { id } of inside) found.add(id);
    }
  }
  return found;
}

/** Whether the container itself, and not only something in it, hangs on one of these. */
function isSteeredBy(node: PlanNode, found: ReadonlySet<string>): boolean {
  if (node.kind === 'branch') return readsAny(node.when, found);
  return node.kind === 'map' && readsAny(node.over, found);
}

/** All that a node reads. */
export function wiringsOf(node: PlanNode): readonly Wiring[] {
  switch (node.kind) {
    case 'step':
      return [node.input, ...(node.when ? [node.when] : [])];
    case 'branch':
      return [node.when, node.then.yields, node.otherwise.yields];
    case 'map':
      return [node.over, node.yields];
    case 'repeat':
      return [node.until, node.carry, ...Object.values(node.yields)];
  }
}

/** `answer:carry` comes of the rounds of `answer`; `vector:item` of what `vector` goes over, which steers it. */
const readsAny = (wiring: Wiring, found: ReadonlySet<string>): boolean =>
  [...sourcesOf(wiring)].some(([head]) => found.has(head.replace(/:carry$/, '')));

/**
 * Where running a recorded run again could come to a `write` whose output is not on record. What a variant's edits do not
 * reach is called as it was then; what they reach still takes its recorded output, as long as it must have been called.
 */
type Changes = Pick<RerunSpec, 'edits' | 'from'>;

/**
 * Whether a call may be one that no recorded run had to make: whether it is made depends on what the changes reach, or it is
 * of another step now, or it is a fallback whose step may fail where it did not.
 *
 * @param plan with the edits
 */
export function mayBeUnrecorded(plan: Plan, changes: Changes): (call: OpenWrite) => boolean {
  const reached = reachedBy(plan, changes);
  const edited = new Set(changes.edits.map(({ node }) => node));
  const unsure = new Set(changes.edits.flatMap(({ node, facet }) => (facet === 'step' ? [node] : [])));
  const visit = (nodes: readonly PlanNode[], isUnsure: boolean): void => {
    for (const node of nodes) {
      const isSo = isUnsure || isEnteredBy(node, reached) || (node.kind !== 'step' && edited.has(node.id));
      if (isSo) unsure.add(node.id);
      for (const body of bodiesOf(node)) visit(body.nodes, isSo);
    }
  };
  visit(plan.nodes, false);
  return ({ node, call }) => unsure.has(node) || (call === 'fallback' && reached.has(node));
}

/** Whether it depends on these whether, or how often, the node or what is in it is called. */
function isEnteredBy(node: PlanNode, reached: ReadonlySet<string>): boolean {
  if (node.kind === 'step') return node.when !== undefined && readsAny(node.when, reached);
  return isSteeredBy(node, reached) || (node.kind === 'repeat' && readsAny(node.until, reached));
}

function reachedBy(plan: Plan, { edits, from }: Changes): ReadonlySet<string> {
  const begins = [...edits.map(({ node }) => node), ...(from === null ? [] : [from])];
  return new Set(begins.filter((id) => findNode(plan, id)).flatMap((id) => [...downstreamOf(plan, id)]));
}

/** How nodes end of their own accord; those that are not reached by a change end so again. */
const [GIVEN, ENDED]: readonly ReadonlySet<NodeOutcome>[] = [
  new Set(['completed', 'skipped', 'exhausted', 'truncated']),
  new Set(['completed', 'skipped', 'exhausted', 'truncated', 'fallback', 'or-else', 'failed', 'blocked']),
];

/** Of these calls, those that this run has no output of, though running it again may come to them. */
export function unrecordedWrites(
  plan: Plan,
  changes: Changes,
  { nodes }: Pick<RecordedRun, 'nodes'>,
  open: readonly OpenWrite[],
): readonly OpenWrite[] {
  const isUnsure = mayBeUnrecorded(plan, changes);
  const reached = reachedBy(plan, changes);
  const rows = Map.groupBy(nodes, ({ node }) => node);
  return open.filter((call) => {
    const [outermost, ...path] = pathTo(plan.nodes, call.node)!;
    const asExpected = reached.has(call.node) ? GIVEN! : ENDED!;
    const runs = [outermost!, ...path].flatMap((id) => rows.get(id) ?? []);
    return isUnsure(call) || !rows.has(outermost!) || !runs.every(({ outcome }) => asExpected.has(outcome));
  });
}

/** The ids of the containers that a node is in, outermost first, and its own. */
function pathTo(nodes: readonly PlanNode[], id: string): readonly string[] | undefined {
  for (const node of nodes) {
    if (node.id === id) return [id];
    const inside = bodiesOf(node).map((body) => pathTo(body.nodes, id));
    const found = inside.find((path) => path !== undefined);
    if (found) return [node.id, ...found];
  }
  return undefined;
}

// What a backtest or a shadow has found: runs are the examples of a comparison, what was served is its baseline. Runs of one
// unit are not independent of each other, and count as a cluster.

/** Sides of the comparison: what was served, and the variant. */
const [SERVED, VARIANT] = [0, 1];

/** Null where no run has come to anything yet. */
export async function rerunReport(
  store: Pick<Store, 'reruns' | 'evaluations'>,
  rerun: RerunRow,
): Promise<ComparisonReport | null> {
  const { rerunId } = rerun;
  const examples: ExampleInfo[] = [];
  const rows: ResultRow[] = [];
  for await (const result of store.reruns.results(rerunId)) {
    const sides = rowsOf(result);
    if (sides.length === 0) continue;
    examples.push({ id: result.runId, hash: '', cluster: result.unit, tags: [] });
    // Their outputs may be large, and no number comes of them.
    rows.push(...sides.map((row) => ({ ...row, output: null })));
  }
  if (examples.length === 0) return null;
  const spec = evaluationSpec(rerun, examples.length);
  const facts: EvaluationFacts = {
    ...{ evaluationId: rerunId, name: rerun.pipeline, spec, pins: null, state: 'completed', examples, locked: null },
  };
  const labelled = createLabelled(facts, await loadRatings(store, spec));
  for (const row of rows) labelled.add(row);
  const matrices = [scoreMatrixOf(facts, rows)];
  const sides = [SERVED, VARIANT].map((variant) => ({ evaluationId: rerunId, variant: variant! }));
  const labels = labelsFor({ matrices, sides, labelled: [labelled] });
  return compareEvaluations({ matrices, sides, comparisons: 1, ...labels });
}

/** As an evaluation would have it: what shows examples shows runs, too. */
export function evaluationSpec({ rerunId, spec }: RerunRow, runs: number): EvaluationSpec {
  const { pipeline, variant, scorers, metrics, alpha } = spec;
  return {
    ...{ format: SPEC_FORMAT, definition: null, name: pipeline, pipeline, scorers, metrics, alpha },
    dataset: { name: 'recorded runs', version: rerunId, split: null, tag: null, examples: runs },
    variants: [
      { name: 'served', planId: '' },
      { name: variant, planId: '' },
    ],
    ...{ repeats: 1, mode: 'compare' },
  };
}

/** Both sides as rows of an evaluation; none of a run that was skipped. */
export function rowsOf({ runId, served, variant }: Pick<StoredResult, 'runId' | 'served' | 'variant'>): ResultRow[] {
  const rowOf = (side: RerunSide, place: number): ResultRow => ({
    ...{ exampleId: runId, variant: place, repeat: 1, calls: [] },
    ...side,
  });
  return served === null || variant === null ? [] : [rowOf(served, SERVED!), rowOf(variant, VARIANT!)];
}
