/**
 * How many calls one process makes at once. The limit is on calls, not on walks: walks that wait for a call of another
 * would hold a slot and do nothing with it.
 */
export interface Slots {
  /** Resolves when the call may be made, with what gives the slot back; rejects when the signal aborts first. */
  enter(signal: AbortSignal): Promise<() => void>;
}

/** @param count calls at once; who comes first is let in first */
export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let free = count;

  function leave(): void {
    free += 1;
    const [next] = waiting;
    next?.();
  }
  /** A slot is given back once, however often one tries. */
  function take(): () => void {
    free -= 1;
    let isHeld = true;
    return () => {
      if (isHeld) leave();
      isHeld = false;
    };
  }

  return Object.freeze({
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) return take();
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const begin = () => {
        waiting.delete(begin);
        signal.removeEventListener('abort', giveUp);
        resolve(take());
      };
      const giveUp = () => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      waiting.add(begin);
      signal.addEventListener('abort', giveUp, { once: true });
      return promise;
    },
  } satisfies Slots);
}
