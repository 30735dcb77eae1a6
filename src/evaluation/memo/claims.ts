/**
 * Asks the table whether a call has been made, in batches, and claims it where nobody makes it. What another makes is asked
 * for again until it is there, or free: on the embedded database nobody can be told.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { freezeJson } from '../../plan/json.ts';
import type { Claim, MemoRecord, MemoTable } from '../../store/memo.ts';
import { createBatches } from './batches.ts';

const CLAIMS = { atOnce: 2, mostItems: 500 };

/** At first soon, then less often: what another has made is known a tenth later than it was, or half a second. */
const POLL = { firstMs: 15, share: 0.1, mostMs: 500 };

/** What is known of a call; undefined where it is the asker's to make. Rejects when the signal aborts. */
export type Known = (key: string, signal: AbortSignal) => Promise<MemoRecord | undefined>;

/** @param release gives back a claim that came when it was not wanted any more */
export function createClaims(table: MemoTable, ownerId: string, release: (key: string) => void): Known {
  const claim = createBatches<string, Claim>({
    ...CLAIMS,
    send: async (keys) => {
      const claims = await table.claim(ownerId, keys);
      return keys.map((key) => claims.get(key)!);
    },
  });

  return async (key, signal) => {
    for (const askedAt = performance.now(); ; ) {
      const claimed = await claim(key);
      if (claimed.kind === 'known') return freezeJson(claimed.record);
      if (claimed.kind === 'mine' && !signal.aborted) return undefined;
      if (claimed.kind === 'mine') release(key);
      const elapsedMs = performance.now() - askedAt;
      await delay(Math.min(Math.max(POLL.firstMs, elapsedMs * POLL.share), POLL.mostMs), undefined, { signal });
    }
  };
}
