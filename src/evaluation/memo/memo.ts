/**
 * The memo as a process that evaluates uses it: equal calls are made once, here or by another process, and what a call
 * came to is stored behind its back, while its value is used already. The process's own calls are shared by promises; the
 * table is asked in batches, and asked again for what others make. `flush` is when the table has everything.
 */

import { randomUUID } from 'node:crypto';
import type { ResultCall } from '../../model/evaluation-result.ts';
import type { MemoRecord, MemoTable } from '../../store/memo.ts';
import { createClaims } from './claims.ts';
import { type Flight, type Landed, type MemoAsk, startFlight } from './flight.ts';
import { createWrites } from './writes.ts';

export type { Made, MemoAsk } from './flight.ts';

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
