/**
 * Ends an attempt when its time is up, or it is cancelled. Temporal's server also counts, but it cannot reach into the
 * process: only this closes the socket of a stalled request and gives the worker's slot back, also when the step ignores
 * its signal.
 */
import type { Wrapper } from './attempt.ts';
import { startTimer } from './attempt-clock.ts';
import { StepFailure } from './failure.ts';
import { linkedTo } from './linked-abort.ts';

export const limitTime: Wrapper = async (attempt, next) => {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const { signal, abort, unlink } = linkedTo(attempt.signal);
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  const timer = startTimer(attempt.timeoutMs, () => {
    const failure = new StepFailure('timeout', {
      message: `'${attempt.key}' (${attempt.step.name}@${attempt.step.version}) was not done after ${attempt.timeoutMs} ms`,
      remedy: `raise the 'timeout' of the node, or find out why it takes so long`,
      retryable: true,
    });
    abort(failure);
  });
  try {
    return await Promise.race([next({ ...attempt, signal }), over]);
  } finally {
    timer.clear();
    unlink();
  }
};
