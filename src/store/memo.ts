/**
 * The memo's rows. A key is claimed before its call is made and holds the outcome afterwards; a claim is as good as its
 * owner's lease, which is one row however many claims there are. Everything is made in batches, in the order of the keys:
 * two statements that lock rows in different orders would deadlock.
 */

import type { Json } from '../plan/plan.ts';
import type { TimedDatabase } from './bound.ts';
import type { Database } from './database.ts';
import { SPENDING_COLUMNS, type Spending } from './spending.ts';

export interface MemoFailure {
  readonly code: string;
  readonly message: string;
  readonly details: { readonly [key: string]: Json };
  /** Whether another attempt might have succeeded. Never so in what is stored: only what would be the same each time is. */
  readonly retryable: boolean;
}

export type MemoOutcome = { readonly value: Json } | { readonly failure: MemoFailure };

/** Where a call is found among those to providers: `provider_call.run_id` and `.key`. */
export interface PaidBy {
  readonly runId: string;
  readonly callKey: string;
}

/** What a call came to, and what it took when it was made. */
export interface MemoRecord extends PaidBy {
  readonly outcome: MemoOutcome;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly durationMs: number;
}

export interface NewRecord extends Omit<MemoRecord, 'outcome'> {
  /** 64 hex digits. */
  readonly key: string;
  /** The outcome as JSON text. */
  readonly outcome: string;
}

export type Claim =
  /** The asker makes the call. */
  | { readonly kind: 'mine' }
  /** Another makes it, or has just stored it: ask again soon. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'known'; readonly record: MemoRecord };

/** A step whose stored values come from other code than the running code, under the same version. */
export interface StaleStep {
  /** `rerank@2` */
  readonly step: string;
  readonly digest: string;
  readonly knownDigest: string;
  /** Milliseconds since the epoch. */
  readonly knownSince: number;
}

/**
 * The time of the statement, not of the clock: what a statement sees of leases is as old as its beginning, and a lease
 * that was renewed while it waited for a lock must not seem to have passed.
 */
const now = (param: string): string => `coalesce(${param}::timestamptz, statement_timestamp())`;

/** Owners are deleted so long after their lease: to be gone is to be dead. */
const KEEP_DEAD = "interval '1 hour'";

/**
 * Hits are read without a lock. A claim that is younger than this statement is not taken over, since its owner's lease
 * may be younger, too, and so not be seen.
 */
const CLAIM = `
  with asked as materialized (select decode(hex, 'hex') as key from unnest($2::text[]) as hex),
  known as materialized (select memo.* from memo join asked using (key) where outcome is not null),
  claimed as (
    insert into memo as held (key, owner_id, changed_at)
    select key, $1::uuid, ${now('$3')} from asked
    where not exists (select from known where known.key = asked.key) order by key
    on conflict (key) do update set owner_id = excluded.owner_id, changed_at = excluded.changed_at
    where held.outcome is null and (
      held.owner_id = excluded.owner_id or held.changed_at < excluded.changed_at and not exists (
        select from memo_owner where owner_id = held.owner_id and alive_until > ${now('$3')}
      )
    )
    returning key
  )
  select encode(key, 'hex') as key, null::json as outcome, null::int as attempts, null::float8 as "durationMs",
    null as "runId", null as "callKey" from claimed
  union all
  select encode(key, 'hex'), outcome, attempts, duration_ms, run_id, call_key from known`;

type ClaimRow = MemoRecord & { readonly key: string; readonly outcome: MemoOutcome | null };

const TAKEN: Claim = Object.freeze({ kind: 'taken' });
const MINE: Claim = Object.freeze({ kind: 'mine' });

export type MemoTable = ReturnType<typeof createMemoTable>;

export function createMemoTable(database: TimedDatabase) {
  return Object.freeze({
    /** Opens the owner's lease, or extends it. Without one, its claims are anybody's. */
    async renew(ownerId: string, leaseMs: number): Promise<void> {
      await database.query(
        `with swept as (delete from memo_owner where alive_until < ${now('$3')} - ${KEEP_DEAD} and owner_id <> $1)
         insert into memo_owner (owner_id, alive_until) values ($1, ${now('$3')} + $2 * interval '1 millisecond')
         on conflict (owner_id) do update set alive_until = excluded.alive_until`,
        [ownerId, leaseMs, database.now()],
      );
    },
    /** Ends the lease. */
    async leave(ownerId: string): Promise<void> {
      await database.query('delete from memo_owner where owner_id = $1', [ownerId]);
    },
    /**
     * By key. A claim is free once its owner's lease has passed; one's own is confirmed, so asking twice is asking
     * once.
     */
    async claim(ownerId: string, keys: readonly string[]): Promise<ReadonlyMap<string, Claim>> {
      const rows = await database.query<ClaimRow>(CLAIM, [ownerId, keys, database.now()]);
      const claims = new Map<string, Claim>(keys.map((key) => [key, TAKEN]));
      for (const { key, outcome, ...rest } of rows)
        claims.set(key, outcome === null ? MINE : { kind: 'known', record: { outcome, ...rest } });
      return claims;
    },
    /** Of these calls those that have been made, by key; nothing is claimed. */
    async read(keys: readonly string[]): Promise<ReadonlyMap<string, MemoRecord>> {
      const rows = await database.query<MemoRecord & { readonly key: string }>(
        `select hex as key, outcome, attempts, duration_ms as "durationMs", run_id as "runId", call_key as "callKey"
         from unnest($1::text[]) as hex join memo on memo.key = decode(hex, 'hex') where outcome is not null`,
        [keys],
      );
      return new Map(rows.map(({ key, ...record }) => [key, record]));
    },
    /** The first outcome of a key stays. */
    async store(ownerId: string, records: readonly NewRecord[]): Promise<void> {
      const column = <Name extends keyof NewRecord>(name: Name) => records.map((record) => record[name]);
      await database.query(
        `insert into memo (key, owner_id, outcome, attempts, duration_ms, run_id, call_key, changed_at)
         select decode(key, 'hex'), $1::uuid, outcome::json, attempts, duration_ms, run_id, call_key, ${now('$8')}
         from unnest($2::text[], $3::text[], $4::int[], $5::float8[], $6::text[], $7::text[])
           as made (key, outcome, attempts, duration_ms, run_id, call_key)
         order by key
         on conflict (key) do update set owner_id = excluded.owner_id, outcome = excluded.outcome,
           attempts = excluded.attempts, duration_ms = excluded.duration_ms, run_id = excluded.run_id,
           call_key = excluded.call_key, changed_at = excluded.changed_at
         where memo.outcome is null`,
        [
          ownerId,
          column('key'),
          column('outcome'),
          column('attempts'),
          column('durationMs'),
          column('runId'),
          column('callKey'),
          database.now(),
        ],
      );
    },
    /** Releases claims of calls without a final result. */
    async release(ownerId: string, keys: readonly string[]): Promise<void> {
      await database.query(
        `with given as materialized (
           select key from memo where key in (select decode(hex, 'hex') from unnest($2::text[]) as hex)
             and owner_id = $1 and outcome is null
           order by key for update
         )
         delete from memo using given where memo.key = given.key and memo.owner_id = $1 and memo.outcome is null`,
        [ownerId, keys],
      );
    },
    /** What the calls have cost, in the order asked. */
    spending: (calls: readonly PaidBy[]): Promise<readonly Spending[]> => spendingOf(database, calls),
    /**
     * Compares steps' implementations with those that their values are from; new steps are noted. What differs is
     * reported each time until the version is raised, or the new one is taken for good: `accept`.
     */
    async checkDigests(
      steps: readonly { readonly step: string; readonly digest: string }[],
      accept = false,
    ): Promise<readonly StaleStep[]> {
      return database.query<StaleStep>(
        `with asked as materialized (select * from unnest($1::text[], $2::text[]) as asked (step, digest)),
         noted as (
           insert into memo_step as known (step, digest, since)
           select step, digest, ${now('$4')} from asked order by step
           on conflict (step) do update set digest = excluded.digest, since = excluded.since
           where $3 and known.digest <> excluded.digest
         )
         select step, asked.digest, known.digest as "knownDigest", known.since as "knownSince"
         from asked join memo_step as known using (step) where known.digest <> asked.digest order by step`,
        [steps.map(({ step }) => step), steps.map(({ digest }) => digest), accept, database.now()],
      );
    },
  });
}

async function spendingOf(database: Database, calls: readonly PaidBy[]): Promise<readonly Spending[]> {
  return database.query<Spending>(
    `select ${SPENDING_COLUMNS} from unnest($1::text[], $2::text[]) with ordinality as asked (run_id, key, place)
       left join provider_call as call on (call.run_id, call.key) = (asked.run_id, asked.key)
     group by place order by place`,
    [calls.map(({ runId }) => runId), calls.map(({ callKey }) => callKey)],
  );
}
