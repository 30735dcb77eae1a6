/**
 * One memo for all chunks that a process works on: their questions to the table go in the same batches, and what may be
 * made ahead of what is stored is bounded for the process. It is open while somebody uses it. One that has failed is used
 * up: who comes next gets another.
 */
import type { Memo } from './memo.ts';

export interface SharedMemo {
  /** @throws what `work` throws, what opening does, and what the memo could not store */
  use<Result>(work: (memo: Memo) => Promise<Result>): Promise<Result>;
}

interface Opened {
  readonly memo: Promise<Memo>;
  users: number;
}

export function createSharedMemo(open: () => Promise<Memo>): SharedMemo {
  let current: Opened | undefined;

  async function leave(opened: Opened): Promise<void> {
    opened.users -= 1;
    if (opened.users > 0) return;
    if (current === opened) current = undefined;
    await (await opened.memo).close();
  }

  return Object.freeze({
    async use<Result>(work: (memo: Memo) => Promise<Result>): Promise<Result> {
      current ??= { memo: open(), users: 0 };
      const opened = current;
      opened.users += 1;
      try {
        return await work(await opened.memo);
      } catch (error) {
        if (current === opened) current = undefined;
        throw error;
      } finally {
        await leave(opened);
      }
    },
  });
}
