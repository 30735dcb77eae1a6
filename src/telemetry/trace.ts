/**
 * A run as one tree: run, node runs as the plan nests them, attempts, calls to providers. It is a view: every fact in it is
 * read from the record, and nothing is stored for it that another row has. What is not known says why.
 */

import { bodiesOf, nodesOf } from '../plan/nodes.ts';
import type { Json, NodeOutcome, Plan, PlanNode } from '../plan/plan.ts';
import type { FeedbackRow } from '../store/feedback.ts';
import type { NodeRunRow, RunRow, RunState } from '../store/runs.ts';
import { NOTHING_SPENT, type RunSpending, type Spending } from '../store/spending.ts';
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
  /** Feedback of people and scores of monitors. */
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
  /** The worker that made it; null when not stored. */
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

/** What nodes were given and what they gave, by the node run's key. */
export interface Values {
  readonly inputs: ReadonlyMap<string, Shown>;
  readonly outputs: ReadonlyMap<string, Shown>;
  /** Why one that is in neither is not there, where it must have been. */
  readonly unkept: string;
}

/**
 * Pure: the same rows give the same tree.
 *
 * @param plan whole, or a skeleton: its configs are not read
 * @param nodes the node runs on record; of a run that is under way, or was ended from outside, there may be none
 */
export function traceOf(parts: TraceParts, plan: Plan, nodes: readonly NodeRunRow[], values: Values): Trace {
  const { run, attempts, calls, input, output, feedback, temporalUrl } = parts;
  const isRunning = run.state === 'running';
  const keys = [...new Set([...nodes, ...attempts, ...calls].map(({ key }) => key))];
  const [rows, attemptsBy, callsBy] = [byKey(nodes), byKey(attempts), byKey(calls)];
  const recordedOf = (key: string): Recorded => ({
    ...{ key, row: rows.get(key)?.[0] },
    ...{ attempts: attemptsBy.get(key) ?? [], calls: callsBy.get(key) ?? [] },
  });
  const stepOf = (key: string, node: PlanNode | undefined, nested: readonly TraceNode[]): TraceNode => {
    const recorded = recordedOf(key);
    const { row } = recorded;
    const made = attemptsOf(recorded, isRunning);
    const isStep = node === undefined || node.kind === 'step';
    const around = isStep ? stepSpan(row, made) : spanOf(nested);
    return {
      ...{ key, name: node?.id ?? key, kind: node?.kind ?? 'step' },
      ...{ step: row?.step ?? made.at(-1)?.step ?? null, outcome: row?.outcome ?? (isRunning ? 'running' : 'lost') },
      ...around,
      queuedMs: row?.queuedMs ?? made[0]?.queuedMs ?? null,
      input: isStep ? inputOf(row, values, key) : OF_PARTS,
      output: isStep ? outputOf(row, values, key, node) : OF_PARTS,
      error: row?.error ?? null,
      spent: isStep ? (run.spent.byKey.get(key) ?? NOTHING_SPENT) : null,
      ...{ attempts: made, nodes: nested },
    };
  };
  const { byKey: _, ...spent } = run.spent;
  return Object.freeze({
    ...{
      runId: run.runId,
      pipeline: run.pipeline,
      variant: run.variant,
      planId: run.planId,
      state: run.state,
      arms: run.arms,
    },
    ...{ startedAt: run.startedAt, endedAt: run.finishedAt, input, output, error: run.error, spent },
    nodes: nest<TraceNode>(plan, keys, {
      nodeOf: (node, key, nested) => stepOf(key, node, nested),
      partOf: (_container, part, nested) => partNode(part, nested),
      strayOf: (key) => stepOf(key, undefined, []),
    }),
    ...{ feedback, temporalUrl },
  });
}

const OF_PARTS: Shown = { missing: 'it has what the nodes in it have' };

const partNode = ({ key, name, kind }: Part, nested: readonly TraceNode[]): TraceNode => ({
  ...{ key, name, kind, step: null, outcome: null, queuedMs: null },
  ...spanOf(nested),
  ...{ input: OF_PARTS, output: OF_PARTS, error: null, spent: null, attempts: [], nodes: nested },
});

function stepSpan(row: NodeRunRow | undefined, attempts: TraceNode['attempts']) {
  if (row && row.startedAt !== null)
    return { startedAt: row.startedAt, endedAt: row.durationMs === null ? null : row.startedAt + row.durationMs };
  const inside = spanOf(attempts);
  // Its first attempt's wait is its own.
  const queuedMs = attempts[0]?.queuedMs ?? 0;
  return { ...inside, startedAt: inside.startedAt === null ? null : inside.startedAt - queuedMs };
}

/** From the first beginning to the last end that is known; the end is not where something inside has none yet. */
function spanOf(inside: readonly { readonly startedAt: number | null; readonly endedAt: number | null }[]) {
  const starts = inside.flatMap(({ startedAt }) => startedAt ?? []);
  const ends = inside.flatMap(({ endedAt }) => endedAt ?? []);
  const isOpen = inside.some(({ startedAt, endedAt }) => startedAt !== null && endedAt === null);
  return {
    startedAt: starts.length === 0 ? null : Math.min(...starts),
    endedAt: ends.length === 0 || isOpen ? null : Math.max(...ends),
  };
}

function inputOf(row: NodeRunRow | undefined, { inputs, unkept }: Values, key: string): Shown {
  const known = inputs.get(key);
  if (known !== undefined) return known;
  return { missing: row && row.call === null ? 'it was not called' : unkept };
}

/** Outcomes without a value of their own. */
const VALUELESS: ReadonlySet<string> = new Set(['failed', 'blocked', 'cancelled']);

function outputOf(row: NodeRunRow | undefined, values: Values, key: string, node: PlanNode | undefined): Shown {
  const known = values.outputs.get(key);
  if (known !== undefined) return known;
  if (row === undefined) return { missing: values.unkept };
  if (VALUELESS.has(row.outcome)) return { missing: `it gave nothing: ${row.outcome}` };
  const instead: Json | undefined = node?.kind === 'step' ? node.orElse : undefined;
  if (row.outcome === 'or-else' || row.outcome === 'skipped')
    return instead === undefined ? { missing: 'it gave nothing: skipped' } : { value: instead };
  return { missing: values.unkept };
}

function byKey<Row extends { readonly key: string }>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  return Map.groupBy(rows, ({ key }) => key);
}

/** Of a node run's key: `join[1][0]` is `join` at `[1, 0]`. */
interface Place {
  readonly id: string;
  readonly index: readonly number[];
}

/** What stands in the tree: a node run, or a part of a container. */
export interface Branching<Node> {
  readonly nodeOf: (node: PlanNode, key: string, nested: readonly Node[]) => Node | undefined;
  readonly partOf: (container: PlanNode, part: Part, nested: readonly Node[]) => Node;
  /** A node run that the plan does not know, such as what is not of a node at all. */
  readonly strayOf: (key: string) => Node;
}

export interface Part {
  readonly kind: 'round' | 'item' | 'arm';
  /** `answer[2]`, `reply/then` */
  readonly key: string;
  /** `round 2`, `item 0`, `then` */
  readonly name: string;
}

/** @param keys of all node runs that are known of */
function nest<Node>(plan: Plan, keys: readonly string[], make: Branching<Node>): readonly Node[] {
  const places = keys.map(placeOf);
  const idsWithin = new Map<readonly PlanNode[], ReadonlySet<string>>();
  const known = new Set(keys);

  function isWithin(body: readonly PlanNode[], index: readonly number[]): (place: Place) => boolean {
    const ids = idsWithin.get(body) ?? new Set([...nodesOf({ nodes: body })].map(({ id }) => id));
    idsWithin.set(body, ids);
    return (place) => ids.has(place.id) && index.every((number, depth) => place.index[depth] === number);
  }

  /** Rounds, or items, of which anything is known. */
  function numbersOf(body: readonly PlanNode[], index: readonly number[]): readonly number[] {
    const within = places.filter(isWithin(body, index));
    return [...new Set(within.flatMap((place) => place.index[index.length] ?? []))].sort((a, b) => a - b);
  }

  function partsOf(container: PlanNode, index: readonly number[]): readonly Node[] {
    if (container.kind === 'step') return [];
    const key = container.id + keyOf(index);
    return bodiesOf(container).flatMap(({ name, nodes }) => {
      if (container.kind === 'branch') {
        if (!places.some(isWithin(nodes, index))) return [];
        return [make.partOf(container, { kind: 'arm', key: `${key}/${name}`, name }, within(nodes, index))];
      }
      const kind = container.kind === 'repeat' ? 'round' : 'item';
      return numbersOf(nodes, index).map((number) => {
        const part: Part = { kind, key: `${key}[${number}]`, name: `${kind} ${number}` };
        return make.partOf(container, part, within(nodes, [...index, number]));
      });
    });
  }

  function within(nodes: readonly PlanNode[], index: readonly number[]): readonly Node[] {
    return nodes.flatMap((node) => {
      const key = node.id + keyOf(index);
      const nested = partsOf(node, index);
      if (!known.has(key) && nested.length === 0) return [];
      return make.nodeOf(node, key, nested) ?? [];
    });
  }

  const planned = new Set([...nodesOf(plan)].map(({ id }) => id));
  const strays = places.flatMap(({ id }, at) => (planned.has(id) ? [] : [make.strayOf(keys[at]!)]));
  return [...within(plan.nodes, []), ...strays];
}

const keyOf = (index: readonly number[]): string => index.map((number) => `[${number}]`).join('');

function placeOf(key: string): Place {
  const [, id, index] = /^(.*?)((?:\[\d+\])*)$/.exec(key)!;
  return { id: id!, index: [...index!.matchAll(/\d+/g)].map(([number]) => Number(number)) };
}

// The attempts of a node run. Failed attempts and those after them have rows. A successful first attempt is in the node
// run. A lost attempt is a missing number.

/** What the record has of one node run. */
export interface Recorded {
  readonly key: string;
  /** Absent while the run is under way, and where it was ended from outside. */
  readonly row: NodeRunRow | undefined;
  readonly attempts: readonly AttemptRow[];
  readonly calls: readonly TracedCallRow[];
}

type Call = AttemptRow['call'];

/** More are counted, but not shown. */
const MOST_SHOWN = 100;

/** @param isRunning whether more may come: the run has not ended */
function attemptsOf(recorded: Recorded, isRunning: boolean): readonly TraceAttempt[] {
  const counts = countsOf(recorded);
  return (['step', 'fallback'] as const).flatMap((call) =>
    Array.from({ length: Math.min(counts[call], MOST_SHOWN) }, (_, index) =>
      attemptOf(recorded, { call, attempt: index + 1, counts, isRunning }),
    ),
  );
}

/** Attempts of each call, by the highest number in any record. */
function countsOf({ row, attempts, calls }: Recorded): { readonly [call in Call]: number } {
  const known = (call: Call) =>
    Math.max(
      0,
      ...attempts.filter((each) => each.call === call).map(({ attempt }) => attempt),
      ...calls.filter((each) => callOf(each) === call).map(({ attempt }) => attempt),
    );
  if (!row || row.call === null || row.attempts === 0) return { step: known('step'), fallback: known('fallback') };
  if (row.call === 'step') return { step: Math.max(known('step'), row.attempts), fallback: known('fallback') };
  const fallback = Math.max(known('fallback'), 1);
  return { step: Math.max(known('step'), row.attempts - fallback), fallback };
}

interface Which {
  readonly call: Call;
  readonly attempt: number;
  readonly counts: { readonly [call in Call]: number };
  readonly isRunning: boolean;
}

function attemptOf(recorded: Recorded, which: Which): TraceAttempt {
  const { call, attempt } = which;
  const row = recorded.attempts.find((each) => each.call === call && each.attempt === attempt);
  const made = recorded.calls.filter((each) => callOf(each) === call && each.attempt === attempt);
  const calls = made.map(traceCall);
  if (row) {
    const { step, outcome, queuedMs, worker, error, startedAt, durationMs } = row;
    return { call, attempt, step, outcome, queuedMs, worker, error, startedAt, endedAt: startedAt + durationMs, calls };
  }
  const ending = endingOf(recorded, which);
  const begun = made.map(({ startedAt }) => startedAt);
  const startedAt = ending.startedAt ?? (begun.length > 0 ? Math.min(...begun) : null);
  return { call, attempt, step: stepOf(recorded, call), queuedMs: null, worker: null, ...ending, startedAt, calls };
}

type Ending = Pick<TraceAttempt, 'outcome' | 'startedAt' | 'endedAt' | 'error'> & { readonly queuedMs?: number | null };

/** What became of an attempt that has no row. */
function endingOf({ row }: Recorded, { call, attempt, counts, isRunning }: Which): Ending {
  const isLast = attempt === counts[call] && (call === 'fallback' || counts.fallback === 0);
  if (isLast && row === undefined && isRunning)
    return { outcome: 'running', startedAt: null, endedAt: null, error: null };
  if (!isLast || row === undefined) return lost();
  switch (row.outcome) {
    case 'completed':
    case 'fallback': {
      const isOnly = counts.step + counts.fallback === 1;
      const { startedAt, durationMs, queuedMs } = row;
      const endedAt = startedAt === null || durationMs === null ? null : startedAt + durationMs;
      if (!isOnly || startedAt === null) return { outcome: 'completed', startedAt: null, endedAt, error: null };
      return { outcome: 'completed', startedAt: startedAt + (queuedMs ?? 0), endedAt, error: null, queuedMs };
    }
    case 'cancelled':
      return { outcome: 'cancelled', startedAt: null, endedAt: null, error: null };
    default:
      return lost(row.error);
  }
}

const lost = (error: Json = null): Ending => ({
  outcome: 'lost',
  startedAt: null,
  endedAt: null,
  error: error ?? {
    code: 'worker_lost',
    message: 'nothing came back of this attempt: its worker ended, or was cut off',
  },
});

const stepOf = ({ row, attempts }: Recorded, call: Call): string | null =>
  attempts.find((each) => each.call === call)?.step ?? (row?.call === call ? row.step : null);

/** Fallbacks have an idempotency key of their own. */
const callOf = ({ idempotencyKey }: TracedCallRow): Call =>
  idempotencyKey.endsWith(':fallback') ? 'fallback' : 'step';

function traceCall({ key: _, attempt: _of, request, response, ...call }: TracedCallRow): TraceCall {
  const isOver = call.status === 'done' || call.status === 'failed';
  return {
    ...call,
    request: shown(request, 'what was sent is not kept'),
    response: shown(response, isOver ? 'what came back is not kept' : 'nothing came back'),
  };
}

const shown = (value: Json, missing: string): Shown => (value === null ? { missing } : { value });
