/**
 * The memo of a process that evaluates. Equal calls are made once, here or by another process. Calls of this process
 * share promises (single flight). The table is asked in batches, and polled for calls that other processes make.
 * Results are used at once and stored in the background; `flush` waits until all are stored.
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
   * `made`: this caller made and paid for it now. `joined`: shared with another caller of this process. `stored`: known
   * before, from the run `runId`.
   */
  readonly source: ResultCall['source'];
}

export interface Memo {
  /** @throws the signal's reason when it aborts; SluiceError where the table cannot be reached */
  get(ask: MemoAsk): Promise<MemoAnswer>;
  /**
   * Resolves when few enough results are unstored: those would be made again if the process died.
   *
   * @throws SluiceError when storing has failed: paid results would be lost
   */
  room(): Promise<void>;
  /** Resolves when all results are stored. @throws SluiceError when storing failed, then and ever after */
  flush(): Promise<void>;
  /** Aborts open calls, stores results and releases all claims. */
  close(): Promise<void>;
}

export interface MemoOptions {
  /** How long claims outlive their process; default 5 s. Renewed three times in it. */
  readonly leaseMs?: number;
  /** Outcomes cached in this process; default 2,000. The table has all of them. */
  readonly mostKept?: number;
}

const LEASE_MS = 5_000;
const RENEWALS_PER_LEASE = 3;
/** Enough for a few chunks. An outcome has at most 256 kB, and most are small. */
const MOST_KEPT = 2_000;

/** @throws SluiceError where the table cannot be reached */
export async function openMemo(table: MemoTable, options: MemoOptions = {}): Promise<Memo> {
  const { leaseMs = LEASE_MS, mostKept = MOST_KEPT } = options;
  const ownerId = randomUUID();
  await table.renew(ownerId, leaseMs);
  // A failure also fails claims and stores, which report it.
  const renew = () => table.renew(ownerId, leaseMs).catch(() => undefined);
  const renewal = setInterval(renew, leaseMs / RENEWALS_PER_LEASE).unref();
  const calls = new Map<string, SharedCall>();
  /** The calls that the table also knows, oldest first. */
  const known = new Map<string, SharedCall>();
  const writes = createWrites(table, ownerId);
  const ask = createClaims(table, ownerId, writes.release);

  /** @param onKnown called when the table has the result, or the call may be made again */
  async function lookUpOrMake(
    { key, paidBy, make }: MemoAsk,
    signal: AbortSignal,
    onKnown: () => void,
  ): Promise<CallResult> {
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

  function keep(key: string, call: SharedCall): void {
    known.set(key, call);
    if (known.size <= mostKept) return;
    const [oldest, oldestCall] = known.entries().next().value!;
    known.delete(oldest);
    if (calls.get(oldest) === oldestCall) calls.delete(oldest);
  }

  function startCall(ask: MemoAsk): SharedCall {
    const call = singleFlight(
      ask.terms,
      (signal) => lookUpOrMake(ask, signal, () => keep(ask.key, call)),
      () => calls.get(ask.key) === call && calls.delete(ask.key),
    );
    calls.set(ask.key, call);
    return call;
  }

  async function get(ask: MemoAsk): Promise<MemoAnswer> {
    const call = calls.get(ask.key) ?? startCall(ask);
    const { record, isStored, lasts } = await call.join(ask.signal);
    if (!lasts && call.terms !== ask.terms) {
      if (calls.get(ask.key) === call) calls.delete(ask.key);
      return get(ask);
    }
    if (isStored) return { ...record, source: 'stored' };
    return { ...record, source: call.claimPayment() ? 'made' : 'joined' };
  }

  return Object.freeze({
    get,
    room: writes.room,
    flush: writes.flush,
    async close() {
      const open = [...calls.values()];
      for (const call of open) call.abort();
      await Promise.allSettled(open.map(({ result }) => result));
      await writes.flush().finally(() => {
        clearInterval(renewal);
        return table.leave(ownerId);
      });
    },
  } satisfies Memo);
}

// Single flight: one call with several waiters. It continues while somebody waits, and is aborted when the last waiter
// leaves.

/** The result of a call that was made here. */
export interface Made {
  readonly outcome: MemoOutcome;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly durationMs: number;
  /** Whether the result is final: a value, or a failure that no further attempt changes. */
  readonly lasts: boolean;
}

export interface MemoAsk {
  readonly key: string;
  readonly paidBy: PaidBy;
  /**
   * Identifies the chunk and its retry policy. Values are shared by all; a retryable failure is shared only under equal
   * terms.
   */
  readonly terms: string;
  /** Makes the call. Rejects only when its signal aborts, or when there is no room. */
  readonly make: (signal: AbortSignal) => Promise<Made>;
  /** Aborts when the caller stops waiting. */
  readonly signal: AbortSignal;
}

export interface CallResult {
  readonly record: MemoRecord;
  readonly isStored: boolean;
  readonly lasts: boolean;
}

export interface SharedCall {
  readonly terms: string;
  readonly result: Promise<CallResult>;
  /** Resolves as `result` does; rejects when the signal aborts. */
  join(signal: AbortSignal): Promise<CallResult>;
  /** True for the first caller, which counts as the one who paid. */
  claimPayment(): boolean;
  abort(): void;
}

/** @param onDropped called after an abort or failure: the call serves no further waiters */
function singleFlight(
  terms: string,
  lookUpOrMake: (signal: AbortSignal) => Promise<CallResult>,
  onDropped: () => void,
): SharedCall {
  const controller = new AbortController();
  let [wanted, isOver, isClaimed] = [0, false, false];
  const drop = () => {
    onDropped();
    controller.abort();
  };
  const result = lookUpOrMake(controller.signal).finally(() => {
    isOver = true;
  });
  result.catch(onDropped);

  return {
    terms,
    result,
    async join(signal) {
      signal.throwIfAborted();
      const left = Promise.withResolvers<never>();
      const leave = () => left.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      wanted += 1;
      try {
        return await Promise.race([result, left.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        wanted -= 1;
        if (wanted === 0 && !isOver) drop();
      }
    },
    claimPayment() {
      const isFirst = !isClaimed;
      isClaimed = true;
      return isFirst;
    },
    abort: drop,
  };
}

// Looks calls up in the table, in batches, and claims those that nobody makes. Calls of other processes are polled
// until they are stored or free: the embedded database has no notifications.

const CLAIMS = { atOnce: 2, mostItems: 500 };

/** The pause grows with the elapsed time: a result is found at most a tenth, or half a second, late. */
const POLL = { firstMs: 15, share: 0.1, mostMs: 500 };

/** The stored result; undefined when the caller must make the call. Rejects when the signal aborts. */
export type Known = (key: string, signal: AbortSignal) => Promise<MemoRecord | undefined>;

/** @param release releases a claim that arrived after the abort */
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

/** Half a surrogate pair or a NUL, as escaped in JSON. An escaped backslash may match by mistake, which is harmless. */
const UNSTORABLE = /\\u(?:d[89a-f][0-9a-f]{2}|0000)/;

/** Results that a killed process may lose, besides its open calls. */
const MOST_UNSTORED = 16;

export interface Writes {
  /**
   * Returns the outcome as the table will return it: characters that no text column can hold are replaced, since keys
   * and subjects are made from a step's output. `onStored` is not called after a failure.
   */
  store(key: string, record: Omit<MemoRecord, 'outcome'>, outcome: MemoOutcome, onStored?: () => void): MemoOutcome;
  release(key: string): void;
  /** Resolves when not too much is unstored. @throws what a write has failed with */
  room(): Promise<void>;
  /** Resolves when everything so far is written. @throws what a write has failed with */
  flush(): Promise<void>;
}

/**
 * Writes outcomes and releases claims in the background. Few results may be unstored at once, since a crash would
 * repeat their calls. A write failure is thrown to all later callers.
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
 * Collects single items into batches, without a timer: items that arrive during a batch form the next one. An idle
 * queue adds no wait, and a busy one makes larger batches.
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
 * One memo for all chunks of a process: lookups share batches, and one limit bounds unstored results. It is open while
 * it has users. After a failure the next user gets a new memo.
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
