/**
 * Signs of life. For most steps the boundary beats on a timer: it proves that the process lives, and time limits do the
 * rest. A step that beats on its own progress is watched instead: silence for longer than its interval aborts it.
 */
import type { Attempt, Wrapper } from './attempt.ts';
import { startTimer } from './attempt-clock.ts';
import { StepFailure } from './failure.ts';
import { linkedTo } from './linked-abort.ts';

/** Three beats in each interval, so that one lost beat does not count as death. */
const BEATS_PER_INTERVAL = 3;

export const beat: Wrapper = (attempt, next) => {
  if (attempt.heartbeatMs === undefined) return next(attempt);
  return attempt.beats === 'timer'
    ? beatOnTimer(attempt, attempt.heartbeatMs, next)
    : watchProgress(attempt, attempt.heartbeatMs, next);
};

async function beatOnTimer(attempt: Attempt, heartbeatMs: number, next: Parameters<Wrapper>[1]) {
  const timer = setInterval(() => attempt.heartbeat(), heartbeatMs / BEATS_PER_INTERVAL);
  try {
    return await next(attempt);
  } finally {
    clearInterval(timer);
  }
}

async function watchProgress(attempt: Attempt, heartbeatMs: number, next: Parameters<Wrapper>[1]) {
  const { promise: silent, reject } = Promise.withResolvers<never>();
  const { signal, abort, unlink } = linkedTo(attempt.signal);
  const timer = startTimer(heartbeatMs, () => {
    const failure = new StepFailure('heartbeat_lost', {
      message: `'${attempt.key}' (${attempt.step.name}@${attempt.step.version}) made no progress for ${heartbeatMs} ms`,
      remedy: `raise the 'heartbeat' of the node, or call context.heartbeat() more often`,
      retryable: true,
    });
    abort(failure);
    reject(failure);
  });
  const heartbeat: Attempt['heartbeat'] = (progress) => {
    timer.refresh();
    attempt.heartbeat(progress);
  };
  try {
    return await Promise.race([next({ ...attempt, signal, heartbeat }), silent]);
  } finally {
    timer.clear();
    unlink();
  }
}
