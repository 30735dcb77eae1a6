/**
 * The time of an attempt, where the host counts it and nobody else: what is waited for before a call may leave (its turn at
 * a provider, behind calls that are served and those of the same evaluation) is then none of it. Else an evaluation under
 * tight limits would take its own queue for a slow variant. Temporal's server counts by itself, so its attempts have none.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

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
