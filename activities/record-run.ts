/** Writes a run's record: its node runs, and with the last of them how the run ended. Idempotent, so retried freely. */
import { Context } from '@temporalio/activity';
import type { Json } from '../src/plan/plan.ts';
import type { Store } from '../src/store/store.ts';
import type { FailureData, RecordRun } from '../workflows/messages.ts';

export function createRecordRun(runs: Store['runs']): RecordRun {
  return async ({ nodes, run }) => {
    const { workflowId } = Context.current().info.workflowExecution!;
    const rows = nodes.map((node) => ({ ...node, error: asJson(node.error) }));
    if (run === undefined) await runs.recordNodes(workflowId, rows);
    else await runs.complete(workflowId, { ...run, error: asJson(run.error), nodes: rows });
  };
}

/** An interface is no index signature to the compiler; its copy is. */
const asJson = (failure: FailureData | null): Json => failure && { ...failure };
