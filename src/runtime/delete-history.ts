/** The history of a run holds all that it was asked and gave, until Temporal's own retention removes it: or this, before. */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowService } from '@temporalio/client';
import { SluiceError } from '../errors.ts';

const NOT_FOUND = 5;
/** A server deletes a history after the end of its execution was acknowledged: 30 s by Temporal's default. */
const DELETION_LIMIT_MS = 120_000;
const POLL_MS = 50;

/** False where Temporal has none. A workflow that still runs is ended by it. */
export async function deleteHistory(service: WorkflowService, namespace: string, runId: string): Promise<boolean> {
  try {
    await service.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId: runId } });
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === NOT_FOUND) return false;
    throw error;
  }
}

/**
 * Waits until no query finds any of them: Temporal deletes some time after it was asked to.
 *
 * @throws SluiceError `history_not_deleted` where it still has one after two minutes
 */
export async function deletionEnds(
  service: WorkflowService,
  namespace: string,
  runIds: readonly string[],
): Promise<void> {
  const giveUpAt = performance.now() + DELETION_LIMIT_MS;
  for (const runId of runIds)
    while (await hasHistory(service, namespace, runId)) {
      if (performance.now() > giveUpAt) throw notDeleted(runId);
      await delay(POLL_MS);
    }
}

async function hasHistory(service: WorkflowService, namespace: string, workflowId: string): Promise<boolean> {
  try {
    await service.describeWorkflowExecution({ namespace, execution: { workflowId } });
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === NOT_FOUND) return false;
    throw error;
  }
}

const notDeleted = (runId: string): SluiceError =>
  new SluiceError('history_not_deleted', {
    message: `Temporal was asked to delete the history of run ${runId}, and still has it after ${DELETION_LIMIT_MS / 1_000} s`,
    remedy: 'see that the Temporal server is not overloaded, and give the command again',
    data: { runId },
  });
