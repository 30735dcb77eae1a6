/**
 * The memo as a process that evaluates uses it: equal calls are made once, here or by another process, and what a call
 * came to is stored behind its back, while its value is used already. The process's own calls are shared by promises; the
 * table is asked in batches, and asked again for what others make. `flush` is when the table has everything.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ResultCall } from '../../model/evaluation-result.ts';
import { freezeJson } from '../../plan/json.ts';
import type { Json } from '../../plan/plan.ts';
import type { Claim, MemoOutcome, MemoRecord, MemoTable, NewRecord, PaidBy } from '../../store/memo.ts';
import { storable } from '../../store/storable.ts';

export interface MemoAnswer extends MemoRecord {
  /**
   * `made` now, for the one who asked; `joined`: shared with another of the same process, who has `made` it; `stored`: known
   * before, from whichever run `runId` says. Money was paid now only for `made`.
   */
  readonly source: ResultCall['source'];
}

export interface Memo {
  /** @throws the signal's reason when it aborts; SluiceError where the table cannot be reached */
  get(ask: MemoAsk): Promise<MemoAnswer>;
  /**
   * Resolves when a further call may be made: not too many have been that are not stored yet, since those would be made
   * again if the process died. @throws SluiceError where nothing can be stored any more: what is paid for would be lost
   */
  room(): Promise<void>;
  /** Resolves when all that has been made is stored. @throws SluiceError where it could not be: then, and ever after. */
  flush(): Promise<void>;
  /** Ends what is under way, stores what was made, and gives all claims back. */
  close(): Promise<void>;
}

export interface MemoOptions {
  /** How long claims outlive their process; default 5 s. Renewed three times in it. */
  readonly leaseMs?: number;
  /** Calls whose outcome is kept here for who asks next; default 2,000. The table has them all. */
  readonly mostKept?: number;
}

const LEASE_MS = 5_000;
const RENEWALS_PER_LEASE = 3;
/** Some chunks' worth. Outcomes have at most 256 kB, and most have little: a process evaluates for hours. */
const MOST_KEPT = 2_000;

/** @throws SluiceError where the table cannot be reached */
export async function openMemo(table: MemoTable, options: MemoOptions = {}): Promise<Memo> {
  const { leaseMs = LEASE_MS, mostKept = MOST_KEPT } = options;
  const ownerId = randomUUID();
  await table.renew(ownerId, leaseMs);
  // Where this fails, so do claims and stores, which are heard.
  const renew = () => table.renew(ownerId, leaseMs).catch(() => undefined);
  const renewal = setInterval(renew, leaseMs / RENEWALS_PER_LEASE).unref();
  const flights = new Map<string, Flight>();
  /** Of those the ones that the table would answer for, in that order. */
  const known = new Map<string, Flight>();
  const writes = createWrites(table, ownerId);
  const ask = createClaims(table, ownerId, writes.release);

  /** @param onKnown called when the table has what it came to, or would let it be made anew */
  async function fly({ key, paidBy, make }: MemoAsk, signal: AbortSignal, onKnown: () => void): Promise<Landed> {
    const stored = await ask(key, signal);
    if (stored) onKnown();
    if (stored) return { record: stored, isStored: true, lasts: true };
    try {
      const { outcome, lasts, ...facts } = await make(signal);
      const record = { ...facts, ...paidBy };
      if (lasts)
        return { record: { ...record, outcome: writes.store(key, record, outcome, onKnown) }, isStored: false, lasts };
      writes.release(key);
      onKnown();
      return { record: { ...record, outcome }, isStored: false, lasts };
    } catch (error) {
      writes.release(key);
      throw error;
    }
  }

  function keep(key: string, flight: Flight): void {
    known.set(key, flight);
    if (known.size <= mostKept) return;
    const [oldest, landed] = known.entries().next().value!;
    known.delete(oldest);
    if (flights.get(oldest) === landed) flights.delete(oldest);
  }

  function depart(ask: MemoAsk): Flight {
    const flight = startFlight(
      ask.terms,
      (signal) => fly(ask, signal, () => keep(ask.key, flight)),
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
    room: writes.room,
    flush: writes.flush,
    async close() {
      const open = [...flights.values()];
      for (const flight of open) flight.abort();
      await Promise.allSettled(open.map(({ landed }) => landed));
      await writes.flush().finally(() => {
        clearInterval(renewal);
        return table.leave(ownerId);
      });
    },
  } satisfies Memo);
}

/**
 * One call that several may wait for. It goes on while anybody wants it, and is aborted when the last of them has turned
 * away; whoever turns away is let go at once.
 */

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
function startFlight(terms: string, fly: (signal: AbortSignal) => Promise<Landed>, onDropped: () => void): Flight {
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

/**
 * Asks the table whether a call has been made, in batches, and claims it where nobody makes it. What another makes is asked
 * for again until it is there, or free: on the embedded database nobody can be told.
 */

const CLAIMS = { atOnce: 2, mostItems: 500 };

/** At first soon, then less often: what another has made is known a tenth later than it was, or half a second. */
const POLL = { firstMs: 15, share: 0.1, mostMs: 500 };

/** What is known of a call; undefined where it is the asker's to make. Rejects when the signal aborts. */
export type Known = (key: string, signal: AbortSignal) => Promise<MemoRecord | undefined>;

/** @param release gives back a claim that came when it was not wanted any more */
function createClaims(table: MemoTable, ownerId: string, release: (key: string) => void): Known {
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

/**
 * What is written behind the back of those who use it: outcomes, and claims given back. Few may be unstored at once, since
 * those would be made again if the process died; and where nothing can be stored, that is told to all who ask.
 */
function createWrites(table: MemoTable, ownerId: string): Writes {
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

/**
 * Puts items that are asked for one by one into batches, without a timer: what has gathered is sent when an earlier batch
 * has come back. So an idle line adds no wait, and a busy one makes its own batches larger.
 */
export interface BatchOptions<Item, Result> {
  /** Answers in the order of the items. */
  readonly send: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Batches under way at once. */
  readonly atOnce: number;
  /** Items of one batch. */
  readonly mostItems: number;
  /** Of one batch, but for an item that is larger alone. Default: no limit, or items weigh nothing. */
  readonly mostWeight?: number;
  readonly weigh?: (item: Item) => number;
}

interface Waiting<Item, Result> extends PromiseWithResolvers<Result> {
  readonly item: Item;
}

/** A function that gives an item to the next batch, and resolves with its result or rejects as its batch did. */
export function createBatches<Item, Result>(options: BatchOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { send, atOnce, mostItems, mostWeight = Number.POSITIVE_INFINITY, weigh = () => 0 } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;
  let isDue = false;

  function take(): Waiting<Item, Result>[] {
    let weight = 0;
    const isBeyond = ({ item }: Waiting<Item, Result>, place: number) => {
      weight += weigh(item);
      return place >= mostItems || (place > 0 && weight > mostWeight);
    };
    const end = waiting.findIndex(isBeyond);
    const batch = end === -1 ? waiting : waiting.slice(0, end);
    waiting = waiting.slice(batch.length);
    return batch;
  }

  function sendDue(): void {
    isDue = false;
    while (waiting.length > 0 && underWay < atOnce) {
      underWay += 1;
      void deliver(take(), send).finally(() => {
        underWay -= 1;
        sendDue();
      });
    }
  }

  return (item) => {
    const promise = Promise.withResolvers<Result>();
    waiting.push({ item, ...promise });
    // Not at once: what is asked for in one go belongs together.
    if (!isDue) queueMicrotask(sendDue);
    isDue = true;
    return promise.promise;
  };
}

async function deliver<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  send: BatchOptions<Item, Result>['send'],
): Promise<void> {
  try {
    const results = await send(batch.map(({ item }) => item));
    for (const [place, { resolve }] of batch.entries()) resolve(results[place]!);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

export interface SharedMemo {
  /** @throws what `work` throws, what opening does, and what the memo could not store */
  use<Result>(work: (memo: Memo) => Promise<Result>): Promise<Result>;
}

interface Opened {
  readonly memo: Promise<Memo>;
  users: number;
}

/**
 * One memo for all chunks that a process works on: their questions to the table go in the same batches, and what may be
 * made ahead of what is stored is bounded for the process. It is open while somebody uses it. One that has failed is used
 * up: who comes next gets another.
 */
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
