/** Joins what the walker says of each node run with what the host measured of its calls: the rows of the record. */
import type { Json } from '../src/plan/plan.ts';
import type { NodeRun, WalkError } from '../src/plan/walk.ts';
import type { CallTrace } from './call-host.ts';
import type { FailureData, NodeRecord } from './messages.ts';

export function recordsOf(
  nodes: readonly NodeRun[],
  traces: ReadonlyMap<string, readonly CallTrace[]>,
): readonly NodeRecord[] {
  return nodes.map((run) => recordOf(run, traces.get(run.key) ?? []));
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
