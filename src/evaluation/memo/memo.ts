/**
 * The memo as one chunk of an evaluation uses it: equal calls are made once, here or by another process, and what a call
 * came to is stored behind its back, while its value is used already. The chunk's own calls are shared by promises; the
 * table is asked in batches, and asked again for what others make. `flush` is when the table has everything.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { freezeJson } from '../../plan/json.ts';
import type { Claim, MemoOutcome, MemoRecord, MemoTable, NewRecord } from '../../store/memo.ts';
import { createBatches } from './batches.ts';
import { type Flight, type Landed, type MemoAsk, startFlight } from './flight.ts';

export type { Made, MemoAsk } from './flight.ts';

export interface MemoAnswer extends MemoRecord {
  /**
   * `made` now, for the one who asked; `joined`: shared with another of the same chunk, who has `made` it; `stored`: known
   * before, from whichever run `runId` says. Money was paid now only for `made`.
   */
  readonly source: 'made' | 'joined' | 'stored';
}

export interface Memo {
  /** @throws the signal's reason when it aborts; SluiceError where the table cannot be reached */
  get(ask: MemoAsk): Promise<MemoAnswer>;
  /** Resolves when all that has been made is stored. @throws SluiceError where it could not be: then, and ever after. */
  flush(): Promise<void>;
  /** Ends what is under way, stores what was made, and gives all claims back. */
  close(): Promise<void>;
}

export interface MemoOptions {
  /** How long claims outlive their process; default 5 s. Renewed three times in it. */
  readonly leaseMs?: number;
}

const LEASE_MS = 5_000;
const RENEWALS_PER_LEASE = 3;

const CLAIMS = { atOnce: 2, mostItems: 500 };
const STORES = { atOnce: 1, mostItems: 500, mostWeight: 4_000_000 };

/** What another makes is asked for again after this, later less often: so it is known a tenth late at most. */
const POLL = { firstMs: 15, share: 0.1, mostMs: 500 };

/** @throws SluiceError where the table cannot be reached */
export async function openMemo(table: MemoTable, { leaseMs = LEASE_MS }: MemoOptions = {}): Promise<Memo> {
  const ownerId = randomUUID();
  await table.renew(ownerId, leaseMs);
  // Where this fails, so do claims and stores, which are heard.
  const renew = () => table.renew(ownerId, leaseMs).catch(() => undefined);
  const renewal = setInterval(renew, leaseMs / RENEWALS_PER_LEASE).unref();
  const flights = new Map<string, Flight>();
  const writes = createWrites(table, ownerId);
  const claim = createBatches<string, Claim>({
    ...CLAIMS,
    send: async (keys) => {
      const claims = await table.claim(ownerId, keys);
      return keys.map((key) => claims.get(key)!);
    },
  });

  /** Undefined: the call is ours to make. */
  async function known(key: string, signal: AbortSignal): Promise<MemoRecord | undefined> {
    for (const askedAt = performance.now(); ; ) {
      const claimed = await claim(key);
      if (claimed.kind === 'known') return freezeJson(claimed.record);
      if (claimed.kind === 'mine' && !signal.aborted) return undefined;
      if (claimed.kind === 'mine') writes.release(key);
      const elapsedMs = performance.now() - askedAt;
      await delay(Math.min(Math.max(POLL.firstMs, elapsedMs * POLL.share), POLL.mostMs), undefined, { signal });
    }
  }

  async function fly({ key, paidBy, make }: MemoAsk, signal: AbortSignal): Promise<Landed> {
    const stored = await known(key, signal);
    if (stored) return { record: stored, isStored: true, lasts: true };
    try {
      const { outcome, lasts, ...facts } = await make(signal);
      const record = { ...facts, ...paidBy };
      if (!lasts) writes.release(key);
      return {
        record: { ...record, outcome: lasts ? writes.store(key, record, outcome) : outcome },
        isStored: false,
        lasts,
      };
    } catch (error) {
      writes.release(key);
      throw error;
    }
  }

  function depart(ask: MemoAsk): Flight {
    const flight = startFlight(
      ask.terms,
      (signal) => fly(ask, signal),
      () => flights.get(ask.key) === flight && flights.delete(ask.key),
    );
    flights.set(ask.key, flight);
    return flight;
  }

  async function get(ask: MemoAsk): Promise<MemoAnswer> {
    const flight = flights.get(ask.key) ?? depart(ask);
    const { record, isStored, lasts } = await flight.join(ask.signal);
    if (!lasts && flight.terms !== ask.terms) {
      if (flights.get(ask.key) === flight) flights.delete(ask.key);
      return get(ask);
    }
    if (isStored) return { ...record, source: 'stored' };
    return { ...record, source: flight.firstToHear() ? 'made' : 'joined' };
  }

  return Object.freeze({
    get,
    flush: writes.flush,
    async close() {
      const open = [...flights.values()];
      for (const flight of open) flight.abort();
      await Promise.allSettled(open.map(({ landed }) => landed));
      clearInterval(renewal);
      await writes.flush().finally(() => table.leave(ownerId));
    },
  } satisfies Memo);
}

/** What is written behind the back of those who use it. */
function createWrites(table: MemoTable, ownerId: string) {
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
    /** The outcome as whoever reads it from the table will have it. */
    store(key: string, record: Omit<MemoRecord, 'outcome'>, outcome: MemoOutcome): MemoOutcome {
      const text = JSON.stringify(outcome);
      keep(store({ ...record, key, outcome: text }));
      return freezeJson(JSON.parse(text) as MemoOutcome);
    },
    release: (key: string) => keep(release(key)),
    async flush() {
      await Promise.all(pending);
      if (failure !== undefined) throw failure;
    },
  };
}
