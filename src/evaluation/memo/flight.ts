/**
 * One call that several may wait for. It goes on while anybody wants it, and is aborted when the last of them has turned
 * away; whoever turns away is let go at once.
 */
import type { MemoOutcome, MemoRecord, PaidBy } from '../../store/memo.ts';

/** What a call came to here. */
export interface Made {
  readonly outcome: MemoOutcome;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly durationMs: number;
  /** Whether it would be the same each time: a value, or a failure that no further attempt changes. */
  readonly lasts: boolean;
}

export interface MemoAsk {
  readonly key: string;
  readonly paidBy: PaidBy;
  /**
   * For whom, and how the call is attempted. Values are anybody's, but a failure that may pass counts only for the same chunk,
   * and those of it who would have tried as long and as often.
   */
  readonly terms: string;
  /** Makes the call, if nobody has. Rejects only when its signal has aborted, or it has no room. */
  readonly make: (signal: AbortSignal) => Promise<Made>;
  /** Aborts when the asker does not want it any more. */
  readonly signal: AbortSignal;
}

export interface Landed {
  readonly record: MemoRecord;
  readonly isStored: boolean;
  readonly lasts: boolean;
}

export interface Flight {
  readonly terms: string;
  readonly landed: Promise<Landed>;
  /** Resolves as `landed` does; rejects when the signal aborts. */
  join(signal: AbortSignal): Promise<Landed>;
  /** True the first time: somebody must be the one who paid. */
  firstToHear(): boolean;
  abort(): void;
}

/** @param onDropped called when it has been aborted, or failed: it will serve nobody */
export function startFlight(
  terms: string,
  fly: (signal: AbortSignal) => Promise<Landed>,
  onDropped: () => void,
): Flight {
  const controller = new AbortController();
  let [wanted, isOver, isHeard] = [0, false, false];
  const drop = () => {
    onDropped();
    controller.abort();
  };
  const landed = fly(controller.signal).finally(() => {
    isOver = true;
  });
  landed.catch(onDropped);

  return {
    terms,
    landed,
    async join(signal) {
      signal.throwIfAborted();
      const left = Promise.withResolvers<never>();
      const leave = () => left.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      wanted += 1;
      try {
        return await Promise.race([landed, left.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        wanted -= 1;
        if (wanted === 0 && !isOver) drop();
      }
    },
    firstToHear() {
      const isFirst = !isHeard;
      isHeard = true;
      return isFirst;
    },
    abort: drop,
  };
}
