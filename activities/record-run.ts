/**
 * Writes a run's record: its node runs, and with the last of them how the run ended. Idempotent, so retried freely; it
 * beats, so that a worker lost in the middle of it holds the run up for seconds, however long the database may take.
 */
import { Context } from '@temporalio/activity';
import type { Json } from '../src/plan/plan.ts';
import type { Store } from '../src/store/store.ts';
import type { FailureData, RecordRun } from '../workflows/messages.ts';

/** Records are written in milliseconds; only one that waits for the database comes to beat at all. */
const BEAT_MS = 1_500;

export function createRecordRun(runs: Store['runs']): RecordRun {
  return async ({ nodes, run }) => {
    const context = Context.current();
    const { workflowId } = context.info.workflowExecution!;
    const rows = nodes.map((node) => ({ ...node, error: asJson(node.error) }));
    const beats = setInterval(() => context.heartbeat(), BEAT_MS);
    try {
      if (run === undefined) await runs.recordNodes(workflowId, rows);
      else await runs.complete(workflowId, { ...run, error: asJson(run.error), nodes: rows });
    } finally {
      clearInterval(beats);
    }
  };
}

/** An interface is no index signature to the compiler; its copy is. */
const asJson = (failure: FailureData | null): Json => failure && { ...failure };
