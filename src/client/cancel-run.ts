/** Cancels a run whose start may still be under way: a cancellation that comes too soon must not be lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ridingThrough } from '../temporal/outage.ts';

const PAUSE_MS = 50;

/**
 * Asks for the cancellation until the server takes it, or the run is over.
 *
 * @param limitMs how long an outage of the server is waited for
 */
export async function cancelRun(
  handle: { cancel(): Promise<unknown> },
  limitMs: number,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    try {
      await ridingThrough(limitMs, () => handle.cancel());
      return;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await delay(PAUSE_MS);
  }
}
