/**
 * What is written behind the back of those who use it: outcomes, and claims given back. Few may be unstored at once, since
 * those would be made again if the process died; and where nothing can be stored, that is told to all who ask.
 */
import { freezeJson } from '../../plan/json.ts';
import type { Json } from '../../plan/plan.ts';
import type { MemoOutcome, MemoRecord, MemoTable, NewRecord } from '../../store/memo.ts';
import { storable } from '../../store/storable.ts';
import { createBatches } from './batches.ts';

const STORES = { atOnce: 1, mostItems: 500, mostWeight: 4_000_000 };

/** As JSON text shows them: half of a surrogate pair, and a NUL. Behind a backslash it may be neither, which does no harm. */
const UNSTORABLE = /\\u(?:d[89a-f][0-9a-f]{2}|0000)/;

/** What a killed process may have made in vain, beside the calls under way. */
const MOST_UNSTORED = 16;

export interface Writes {
  /**
   * Gives the outcome as whoever reads it from the table will have it; what no text column can hold is replaced, since keys
   * and subjects are made of what a step gave. `onStored` is not called where it could not be.
   */
  store(key: string, record: Omit<MemoRecord, 'outcome'>, outcome: MemoOutcome, onStored?: () => void): MemoOutcome;
  release(key: string): void;
  /** Resolves when not too much is unstored. @throws what a write has failed with */
  room(): Promise<void>;
  /** Resolves when everything so far is written. @throws what a write has failed with */
  flush(): Promise<void>;
}

export function createWrites(table: MemoTable, ownerId: string): Writes {
  const pending = new Set<Promise<void>>();
  let failure: unknown;
  const store = createBatches<NewRecord, void>({
    ...STORES,
    weigh: ({ outcome }) => outcome.length,
    send: async (records) => {
      await table.store(ownerId, records);
      return records.map(() => undefined);
    },
  });
  const release = createBatches<string, void>({
    ...STORES,
    send: async (keys) => {
      await table.release(ownerId, keys);
      return keys.map(() => undefined);
    },
  });
  const keep = (write: Promise<void>) => {
    const kept: Promise<void> = write
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => pending.delete(kept));
    pending.add(kept);
  };

  return {
    store(key, record, outcome, onStored) {
      const given = JSON.stringify(outcome);
      const text = UNSTORABLE.test(given) ? JSON.stringify(storable(outcome as unknown as Json)) : given;
      keep(store({ ...record, key, outcome: text }).then(onStored));
      return freezeJson(JSON.parse(text) as MemoOutcome);
    },
    release: (key) => keep(release(key)),
    async room() {
      while (failure === undefined && pending.size >= MOST_UNSTORED) await Promise.race(pending);
      if (failure !== undefined) throw failure;
    },
    async flush() {
      await Promise.all(pending);
      if (failure !== undefined) throw failure;
    },
  };
}
