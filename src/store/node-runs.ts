/**
 * Node runs: how each node's execution in a run went. The one table of them; traces, outcomes and evaluation cells are
 * views of it or point to it. Many are written in one statement, as one array per column.
 */
import type { NodeRecord } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';
import type { Queries } from './database.ts';

/** Times are milliseconds, `startedAt` since the epoch. Absent is null: unknown, or nothing was called. */
export interface NodeRunRow extends Omit<NodeRecord, 'error'> {
  readonly bytesIn?: number | null;
  readonly bytesOut?: number | null;
  readonly error: Json;
}

/** The columns, in the order of `nodeRunArrays`. */
export const NODE_RUN_COLUMNS = `key, node, kind, step, call, outcome, attempts, started_at, duration_ms, queued_ms,
  bytes_in, bytes_out, error`;

const TYPES = ['text', 'text', 'text', 'text', 'text', 'text', 'int', 'timestamptz', 'float8', 'float8'];
const ALL_TYPES = [...TYPES, 'int', 'int', 'json'];

/** A FROM item that yields the rows whose arrays are the parameters from `$first` on. */
export function nodeRunsFrom(first: number): string {
  return `unnest(${ALL_TYPES.map((type, index) => `$${first + index}::${type}[]`).join(', ')})
    as n (${NODE_RUN_COLUMNS})`;
}

export function nodeRunArrays(nodes: readonly NodeRunRow[]): unknown[][] {
  return [
    nodes.map((run) => run.key),
    nodes.map((run) => run.node),
    nodes.map((run) => run.kind),
    nodes.map((run) => run.step),
    nodes.map((run) => run.call),
    nodes.map((run) => run.outcome),
    nodes.map((run) => run.attempts),
    nodes.map((run) => (run.startedAt === null ? null : new Date(run.startedAt))),
    nodes.map((run) => run.durationMs),
    nodes.map((run) => run.queuedMs),
    nodes.map((run) => run.bytesIn ?? null),
    nodes.map((run) => run.bytesOut ?? null),
    nodes.map((run) => (run.error === null ? null : JSON.stringify(run.error))),
  ];
}

export async function nodeRunsOf(database: Queries, runId: string): Promise<readonly NodeRunRow[]> {
  return database.query<NodeRunRow>(
    `select key, node, kind, step, call, outcome, attempts, started_at as "startedAt", duration_ms as "durationMs",
       queued_ms as "queuedMs", bytes_in as "bytesIn", bytes_out as "bytesOut", error
     from node_run where run_id = $1 order by node_run_no`,
    [runId],
  );
}
