/** Puts a trace together from what the store has of a run. */
import type { Json, Plan, PlanNode } from '../plan/plan.ts';
import type { NodeRunRow } from '../store/runs.ts';
import { NOTHING_SPENT } from '../store/spending.ts';
import { attemptsOf, type Recorded } from './attempts.ts';
import type { Shown, Trace, TraceNode, TraceParts } from './trace.ts';
import { nest, type Part } from './tree.ts';

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
