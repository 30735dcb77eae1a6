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

function watchProgress(attempt: Attempt, heartbeatMs: number, next: Parameters<Wrapper>[1]) {
  const silent = () =>
    new StepFailure('heartbeat_lost', {
      message: `'${attempt.key}' (${attempt.step.name}@${attempt.step.version}) made no progress for ${heartbeatMs} ms`,
      remedy: `raise the 'heartbeat' of the node, or call context.heartbeat() more often`,
      retryable: true,
    });
  return whileProgressing({ signal: attempt.signal, limitMs: heartbeatMs, silent }, (signal, progressed) => {
    const heartbeat: Attempt['heartbeat'] = (progress) => {
      progressed();
      attempt.heartbeat(progress);
    };
    return next({ ...attempt, signal, heartbeat });
  });
}

interface Watch {
  readonly signal: AbortSignal;
  /** The longest time without progress. */
  readonly limitMs: number;
  readonly silent: () => StepFailure;
}

/** Aborts the work, and fails as `silent` says, when it makes no progress for the limit. */
export async function whileProgressing<T>(
  { signal: outer, limitMs, silent }: Watch,
  work: (signal: AbortSignal, progressed: () => void) => Promise<T>,
): Promise<T> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const { signal, abort, unlink } = linkedTo(outer);
  const timer = startTimer(limitMs, () => {
    const failure = silent();
    abort(failure);
    reject(failure);
  });
  try {
    return await Promise.race([work(signal, () => timer.refresh()), failed]);
  } finally {
    timer.clear();
    unlink();
  }
}
