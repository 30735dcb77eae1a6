/** What the activities of ingests and evaluations share: they beat while they work, and fail in Temporal's words. */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { toApplicationFailure } from '../src/boundary/temporal.ts';

/** How often, where it is not said otherwise: a cancellation is heard with a beat. */
export const BEAT_MS = 1_000;

/** Beats for as long as `work` goes on, and says its failures in Temporal's words. */
export async function asActivity<Result>(
  beatMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  const beats = setInterval(() => context.heartbeat(), beatMs);
  try {
    return await work(context.cancellationSignal);
  } catch (error) {
    if (context.cancellationSignal.aborted) throw new CancelledFailure('cancelled');
    throw toApplicationFailure(error, context);
  } finally {
    clearInterval(beats);
  }
}
