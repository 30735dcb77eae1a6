/**
 * Joins what the walker says of each node run with what the host measured of its calls: the rows of the record, in
 * portions that each fit into one call.
 */

import type { FailureData, NodeRecord } from '../src/model/run-messages.ts';
import type { Json } from '../src/plan/plan.ts';
import type { NodeRun, WalkError } from '../src/plan/walk.ts';
import type { CallTrace } from './call-host.ts';

export function recordsOf(
  nodes: readonly NodeRun[],
  traces: ReadonlyMap<string, readonly CallTrace[]>,
): readonly NodeRecord[] {
  return nodes.map((run) => recordOf(run, traces.get(run.key) ?? []));
}

/** A map of many items, or many long errors, must not make a payload too large: Temporal would refuse it for ever. */
const ROWS_PER_PORTION = 500;
const CHARACTERS_PER_PORTION = 150_000;

/** The rows in order, in one or more portions. */
export function portionsOf(records: readonly NodeRecord[]): readonly (readonly NodeRecord[])[] {
  const portions: NodeRecord[][] = [[]];
  let characters = 0;
  for (const record of records) {
    const size = JSON.stringify(record).length;
    const last = portions.at(-1)!;
    if (last.length === ROWS_PER_PORTION || (last.length > 0 && characters + size > CHARACTERS_PER_PORTION)) {
      portions.push([record]);
      characters = size;
    } else {
      last.push(record);
      characters += size;
    }
  }
  return portions;
}

function recordOf(run: NodeRun, calls: readonly CallTrace[]): NodeRecord {
  const traces = calls.flatMap(({ last }) => last ?? []);
  const [first, last] = [traces[0], traces.at(-1)];
  return {
    key: run.key,
    node: run.node,
    kind: run.kind,
    step: calls.at(-1)?.step ?? null,
    call: run.call ?? null,
    outcome: run.outcome,
    attempts: calls.reduce((sum, call) => sum + call.attempts, 0),
    // From the first asking to the last answer: queueing, attempts, backoff and fallback included.
    startedAt: first?.scheduledAt ?? null,
    durationMs: first && last ? last.startedAt + last.durationMs - first.scheduledAt : null,
    queuedMs: first?.queuedMs ?? null,
    error: run.error ? failureData(run.error) : null,
  };
}

/** The error as data; `cause` stays behind, since it is none. */
export function failureData({ node, key, code, message, details }: WalkError): FailureData {
  return { node, key, code, message, ...(details && { details: details as Json }) };
}
