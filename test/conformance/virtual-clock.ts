/** A clock that stands still while anything can happen without it, and then jumps to its next timer. */
import { setImmediate } from 'node:timers/promises';

export interface VirtualClock {
  readonly now: () => number;
  /** Resolves after so many milliseconds, or as soon as the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Lets time pass until the promise has settled. Throws if it never can: nothing is waiting for time. */
  readonly runUntil: <Value>(settled: Promise<Value>) => Promise<Value>;
}

export function createVirtualClock(): VirtualClock {
  const timers = new Set<{ readonly at: number; readonly ring: () => void }>();
  let now = 0;

  function sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const ring = () => {
      timers.delete(timer);
      signal.removeEventListener('abort', ring);
      resolve();
    };
    const timer = { at: now + ms, ring };
    timers.add(timer);
    signal.addEventListener('abort', ring);
    return promise;
  }

  async function runUntil<Value>(settled: Promise<Value>): Promise<Value> {
    let done = false;
    const finish = () => {
      done = true;
    };
    settled.then(finish, finish);
    for (await setImmediate(); !done; await setImmediate()) {
      const next = [...timers].sort((one, other) => one.at - other.at)[0];
      if (!next) throw new Error('everything waits, and nothing waits for time');
      now = next.at;
      next.ring();
    }
    return settled;
  }
  return { now: () => now, sleep, runUntil };
}
