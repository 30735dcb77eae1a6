/** The history of a run holds all that it was asked and gave, until Temporal's own retention removes it: or this, before. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionLike } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';

/** How long one call may take: the embedded server is paused while its file is rewritten, some 15 s at 1 GB. */
const CALL_LIMIT_MS = 60_000;
const [DEADLINE_EXCEEDED, NOT_FOUND, UNAVAILABLE] = [4, 5, 14];
/** A server deletes a history after the end of its execution was acknowledged: 30 s by Temporal's default. */
const DELETION_LIMIT_MS = 120_000;
const POLL_MS = 50;

/** False where Temporal has none. A workflow that still runs is ended by it. */
export const deleteHistory = (connection: ConnectionLike, namespace: string, runId: string): Promise<boolean> =>
  isFound(connection, (service) =>
    service.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId: runId } }),
  );

/**
 * Waits until no query finds any of them: Temporal deletes some time after it was asked to.
 *
 * @throws SluiceError `history_not_deleted` where it still has one after two minutes
 */
export async function deletionEnds(
  connection: ConnectionLike,
  namespace: string,
  runIds: readonly string[],
): Promise<void> {
  const giveUpAt = performance.now() + DELETION_LIMIT_MS;
  for (const runId of runIds)
    while (await hasHistory(connection, namespace, runId)) {
      if (performance.now() > giveUpAt) throw notDeleted(runId);
      await delay(POLL_MS);
    }
}

const hasHistory = (connection: ConnectionLike, namespace: string, workflowId: string): Promise<boolean> =>
  isFound(connection, (service) => service.describeWorkflowExecution({ namespace, execution: { workflowId } }));

/** @throws SluiceError `temporal_unreachable` where no answer comes within a minute */
async function isFound(
  connection: ConnectionLike,
  call: (service: ConnectionLike['workflowService']) => Promise<unknown>,
): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + CALL_LIMIT_MS, () => call(connection.workflowService));
    return true;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === NOT_FOUND) return false;
    throw code === DEADLINE_EXCEEDED || code === UNAVAILABLE ? noAnswer(error) : error;
  }
}

const noAnswer = (cause: unknown): SluiceError =>
  new SluiceError('temporal_unreachable', {
    message: 'Temporal does not answer: histories that hold what was erased may still be there',
    remedy: 'see that the Temporal server runs, and give the command again',
    cause,
  });

const notDeleted = (runId: string): SluiceError =>
  new SluiceError('history_not_deleted', {
    message: `Temporal was asked to delete the history of run ${runId}, and still has it after ${DELETION_LIMIT_MS / 1_000} s`,
    remedy: 'see that the Temporal server is not overloaded, and give the command again',
    data: { runId },
  });
