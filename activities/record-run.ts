/**
 * Writes a run's record: its node runs, and with the last of them how the run ended; that gives what the run has cost. Idempotent, so retried freely; it
 * beats, so that a worker lost in the middle of it holds the run up for seconds, however long the database may take.
 * What would make it fail for ever is met here: text that PostgreSQL cannot hold, and a run that has no row.
 */
import { Context } from '@temporalio/activity';
import { SluiceError } from '../src/base/errors.ts';
import type { FailureData, RecordRun } from '../src/model/run-messages.ts';
import type { Json } from '../src/plan/plan.ts';
import { storable } from '../src/store/storable.ts';
import type { Store } from '../src/store/store.ts';
import type { FollowRun } from './follow-run.ts';

/** Records are written in milliseconds; only one that waits for the database comes to beat at all. */
const BEAT_MS = 1_500;

/** @param follow what is done once the run is recorded */
export function createRecordRun(runs: Store['runs'], follow: FollowRun = async () => undefined): RecordRun {
  return async ({ nodes, run, experiments }) => {
    const context = Context.current();
    const { workflowId } = context.info.workflowExecution!;
    const rows = nodes.map((node) => ({ ...node, error: errorJson(node.error) }));
    const beats = setInterval(() => context.heartbeat(), BEAT_MS);
    try {
      if (run === undefined) await runs.recordNodes(workflowId, rows);
      else {
        const ending = { ...run, output: storable(run.output), error: errorJson(run.error) };
        await runs.complete(workflowId, { ...ending, nodes: rows });
        await follow(workflowId, experiments);
        const { costUsd } = await runs.spending(workflowId);
        if (costUsd !== null) return { costUsd };
      }
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'run_unknown')) throw error;
      // Started by somebody else than our client, or its database was replaced: there is nothing to complete.
      context.log.warn('a run without a row is not recorded', { runId: workflowId });
    } finally {
      clearInterval(beats);
    }
    return undefined;
  };
}

/** An interface is no index signature to the compiler; its copy is. */
const errorJson = (failure: FailureData | null): Json => failure && storable({ ...failure });
