/** The ledger: what was decided of an experiment, and all that it rests on. Only added to; the database refuses the rest. */
import type { Json } from '../plan/plan.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database.ts';

export interface LedgerEntry {
  /** From 1, without gaps. */
  readonly entryNo: number;
  readonly kind: 'start' | 'look' | 'stage' | 'act';
  readonly lookNo: number | null;
  readonly at: number;
  /** Canonical JSON as it was written: of a look, a `LookRecord`. */
  readonly content: string;
}

export interface Ledger {
  /** Adds an entry. A look that is there already stays as it is; gives the entry that counts. */
  append(
    experimentId: string,
    entry: { readonly kind: LedgerEntry['kind']; readonly lookNo?: number; readonly content: Json },
  ): Promise<LedgerEntry>;
  look(experimentId: string, lookNo: number): Promise<LedgerEntry | undefined>;
  lastLook(experimentId: string): Promise<LedgerEntry | undefined>;
  /** In order, in pages. */
  entries(
    experimentId: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly LedgerEntry[]>;
}

export function createLedger(_database: Database, _clock?: Clock): Ledger {
  const pending = () => Promise.reject(new Error('not yet'));
  return Object.freeze({ append: pending, look: pending, lastLook: pending, entries: pending } satisfies Ledger);
}
