/**
 * The time of an attempt, where the host counts it and nobody else: what is waited for before a call may leave (its turn at
 * a provider, behind calls that are served and those of the same evaluation) is then none of it. Else an evaluation under
 * tight limits would take its own queue for a slow variant. Temporal's server counts by itself, so its attempts have none.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { StepFailure } from './failure.ts';
import type { Attempt, Wrapper } from './implement.ts';

export interface AttemptClock {
  /** What was waited for so far; where several things were at once, counted once. */
  waitedMs(): number;
  /** Runs the attempt by this clock. */
  run<T>(attempt: () => Promise<T>): Promise<T>;
}

interface Clock {
  wait<T>(waiting: () => Promise<T>): Promise<T>;
  readonly timers: Set<PausableTimer>;
  isWaiting(): boolean;
}

interface PausableTimer {
  pause(): void;
  resume(): void;
}

const clocks = new AsyncLocalStorage<Clock>();

export function createAttemptClock(): AttemptClock {
  const timers = new Set<PausableTimer>();
  let [waiting, since, waitedMs] = [0, 0, 0];
  const clock: Clock = {
    timers,
    isWaiting: () => waiting > 0,
    async wait(work) {
      if (waiting === 0) {
        since = performance.now();
        for (const timer of timers) timer.pause();
      }
      waiting += 1;
      try {
        return await work();
      } finally {
        waiting -= 1;
        if (waiting === 0) {
          waitedMs += performance.now() - since;
          for (const timer of timers) timer.resume();
        }
      }
    },
  };
  return Object.freeze({
    waitedMs: () => waitedMs + (waiting > 0 ? performance.now() - since : 0),
    run: (attempt) => clocks.run(clock, attempt),
  } satisfies AttemptClock);
}

/** Whether waiting takes nothing of the attempt's time: then one may wait long. */
export const waitsFreely = (): boolean => clocks.getStore() !== undefined;

/** Waits; by an attempt's clock, no time passes. */
export function outOfTime<T>(waiting: () => Promise<T>): Promise<T> {
  const clock = clocks.getStore();
  return clock === undefined ? waiting() : clock.wait(waiting);
}

export interface Timer {
  /** Begins anew. */
  refresh(): void;
  clear(): void;
}

/** Calls `onOver` once `ms` have passed by the attempt's clock; by the world's, where there is none. */
export function startTimer(ms: number, onOver: () => void): Timer {
  const clock = clocks.getStore();
  let [leftMs, startedAt] = [ms, performance.now()];
  let running: NodeJS.Timeout | undefined;
  const timer: PausableTimer = {
    pause() {
      clearTimeout(running);
      running = undefined;
      leftMs -= performance.now() - startedAt;
    },
    resume() {
      startedAt = performance.now();
      running = setTimeout(onOver, Math.max(0, leftMs));
    },
  };
  clock?.timers.add(timer);
  if (!clock?.isWaiting()) timer.resume();
  return {
    refresh() {
      leftMs = ms;
      if (running === undefined) return;
      clearTimeout(running);
      timer.resume();
    },
    clear() {
      clearTimeout(running);
      clock?.timers.delete(timer);
    },
  };
}

/**
 * A signal that aborts with another one, or by itself. `AbortSignal.any` would do, but Node keeps such a signal for as long as
 * somebody listens to it, with all that the listener holds: a worker would keep the input of every call it ever made whose
 * step did not take its listener back.
 */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the other signal. */
  unlink(): void;
}

function linkedTo(outer: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = () => controller.abort(outer.reason);
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => outer.removeEventListener('abort', follow),
  };
}

/**
 * Ends an attempt when its time is up, or it is cancelled. Temporal's server also counts, but it cannot reach into the
 * process: only this closes the socket of a stalled request and gives the worker's slot back, also when the step ignores
 * its signal.
 */
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

// Signs of life. For most steps the boundary beats on a timer: it proves that the process lives, and time limits do the
// rest. A step that beats on its own progress is watched instead: silence for longer than its interval aborts it.

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
