/**
 * What a process has made and not yet stored, over all its memos: that much, beside the calls under way, is made again if
 * the process dies. So no further call is made while it is too much.
 */
export interface Backlog {
  /** @param write must not reject */
  add(write: Promise<void>): void;
  /** Resolves when a further call may be made. */
  room(): Promise<void>;
}

/** Few, since a repeated call may be a paid one; enough that quick steps do not wait for a database that is as quick. */
const MOST_UNSTORED = 16;

export function createBacklog(most = MOST_UNSTORED): Backlog {
  const pending = new Set<Promise<void>>();
  return Object.freeze({
    add(write: Promise<void>) {
      pending.add(write);
      void write.then(() => pending.delete(write));
    },
    async room() {
      while (pending.size >= most) await Promise.race(pending);
    },
  });
}
