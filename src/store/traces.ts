/** The parts of a trace besides the run's row and its node runs, and the outbox of traces to export. */

import type { Json } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { type ProviderCallRow, selectCalls, unpack } from './provider-calls.ts';
import type { RunState } from './runs.ts';
import { storable } from './storable.ts';

export type Traces = ReturnType<typeof createTraces>;

export function createTraces(database: Database) {
  return Object.freeze({
    attempts: createAttempts(database),
    /** Calls to providers with what was sent and what came back, in the order in which they left. */
    calls: (runId: string): Promise<readonly TracedCallRow[]> => tracedCallsOf(database, runId),
  });
}

// Attempts that did not simply succeed: those that failed, and those after them. The first attempt that succeeds, which
// most are, has no row: its node run says all of it.

/** Times are milliseconds, `startedAt` since the epoch. */
export interface AttemptRow {
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly call: 'step' | 'fallback';
  /** From 1. */
  readonly attempt: number;
  readonly step: string;
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  /** Who made it, as Temporal names workers. */
  readonly worker: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly queuedMs: number;
  /** `{code, message, remedy?, data?}`; null where it succeeded. */
  readonly error: Json;
}

export type Attempts = ReturnType<typeof createAttempts>;

function createAttempts(database: Queries) {
  return Object.freeze({
    /** Keeps it once; nothing where there is no such run. */
    async record(
      runId: string,
      { key, call, attempt, step, outcome, worker, startedAt, durationMs, queuedMs, error }: AttemptRow,
    ): Promise<void> {
      await database.query(
        `insert into attempt (run_id, key, call, attempt, step, outcome, worker, started_at, duration_ms, queued_ms, error)
         select run_id, $2, $3, $4::int, $5, $6, $7, $8::timestamptz, $9::float8, $10::float8, $11::json
         from run where run_id = $1 on conflict do nothing`,
        [
          ...[runId, key, call, attempt, step, outcome, worker, new Date(startedAt), durationMs, queuedMs],
          error === null ? null : JSON.stringify(storable(error)),
        ],
      );
    },
    /** In the order in which they began. */
    ofRun: (runId: string): Promise<readonly AttemptRow[]> =>
      database.query<AttemptRow>(
        `select key, call, attempt, step, outcome, worker, started_at as "startedAt", duration_ms as "durationMs",
           queued_ms as "queuedMs", error
         from attempt where run_id = $1 order by started_at, key, call desc, attempt`,
        [runId],
      ),
  });
}

export interface TracedCallRow extends ProviderCallRow {
  /** A UUID. */
  readonly callId: string;
  /** Distinguishes calls of a node's step from those of its fallback. */
  readonly idempotencyKey: string;
  /** Null: not stored. */
  readonly request: Json;
  readonly response: Json;
}

type Packed = Omit<TracedCallRow, 'request' | 'response'> & {
  readonly request: Buffer | null;
  readonly response: Buffer | null;
};

const MORE = ', call_id as "callId", idempotency_key as "idempotencyKey", request, response';

/** In the order in which they left. */
async function tracedCallsOf(database: Queries, runId: string): Promise<readonly TracedCallRow[]> {
  const rows = await selectCalls<Packed>(database, runId, MORE);
  const open = (body: Buffer | null): Json => (body === null ? null : unpack(body));
  return rows.map((row) => ({ ...row, request: open(row.request), response: open(row.response) }));
}

// The outbox of traces. While an exporter is configured, the database notes each run's end and each feedback (see the
// migration). Workers claim due entries for a time, send and settle them. An expired claim is taken by another worker,
// so each entry is sent at least once.

/** A run's trace, or (`part` is its id) what feedback adds to one. */
export interface ExportItem {
  readonly runId: string;
  readonly part: string;
  readonly state: RunState;
  /** How often it has been claimed, this time included. */
  readonly tries: number;
}

/** `exported`, `leftOut` (sampling, or a queue that was full) and `failed` (given up) since the beginning. */
export interface ExportCounts {
  readonly waiting: number;
  /** Of what waits, in milliseconds; null where nothing does. */
  readonly oldestAgeMs: number | null;
  readonly exported: number;
  readonly leftOut: number;
  readonly failed: number;
}

/** The items named by the parameters `$1` and `$2`. */
const GIVEN = '(run_id, part) in (select * from unnest($1::text[], $2::text[]))';

const namesOf = (items: readonly Pick<ExportItem, 'runId' | 'part'>[]) => [
  items.map(({ runId }) => runId),
  items.map(({ part }) => part),
];

export type TraceExports = ReturnType<typeof createTraceExports>;

export function createTraceExports(database: TimedDatabase) {
  return Object.freeze({
    /** From now on, and for `ms`, what ends is noted. */
    async want(ms: number): Promise<void> {
      await database.query(
        `update trace_exporter set wanted_until = greatest(wanted_until, ${nowSql('$2')} + $1 * interval '1 millisecond')`,
        [ms, database.now()],
      );
    },
    /** Takes up to `limit` that are due, the oldest first, for `ms`. */
    claim: (limit: number, ms: number): Promise<readonly ExportItem[]> =>
      database.query<ExportItem>(
        `with due as (
           select run_id, part from trace_export where next_at <= ${nowSql('$3')}
           order by next_at, run_id, part limit $1 for update skip locked
         )
         update trace_export as item set tries = tries + 1, next_at = ${nowSql('$3')} + $2 * interval '1 millisecond'
         from due join run using (run_id) where item.run_id = due.run_id and item.part = due.part
         returning item.run_id as "runId", item.part, tries, run.state`,
        [limit, ms, database.now()],
      ),
    /** They were sent, or are not to be. */
    async settle(items: readonly Pick<ExportItem, 'runId' | 'part'>[], as: 'exported' | 'left_out'): Promise<void> {
      await database.query(
        `with gone as (delete from trace_export where ${GIVEN} returning 1)
         update trace_exporter set ${as} = ${as} + (select count(*) from gone)`,
        namesOf(items),
      );
    },
    /**
     * They could not be sent: due again in `ms`, unless they have waited for more than `mostMs`; gives how many have.
     */
    async postpone(
      items: readonly Pick<ExportItem, 'runId' | 'part'>[],
      { error, ms, mostMs }: { readonly error: string; readonly ms: number; readonly mostMs: number },
    ): Promise<number> {
      const [row] = await database.query<{ given: number }>(
        `with late as (
           delete from trace_export where ${GIVEN} and noted_at < ${nowSql('$6')} - $5 * interval '1 millisecond'
           returning run_id, part
         ), later as (
           update trace_export set error = $3, next_at = ${nowSql('$6')} + $4 * interval '1 millisecond'
           where ${GIVEN} and noted_at >= ${nowSql('$6')} - $5 * interval '1 millisecond'
         ), counted as (
           update trace_exporter set failed = failed + (select count(*) from late) returning 1
         )
         select count(*) as given from late, counted`,
        [...namesOf(items), error, ms, mostMs, database.now()],
      );
      return row!.given;
    },
    /** Leaves out the oldest beyond `most`; gives how many. */
    async trim(most: number): Promise<number> {
      const [row] = await database.query<{ gone: number }>(
        `with gone as (
           delete from trace_export where (run_id, part) in (
             select run_id, part from trace_export order by noted_at desc, run_id, part offset $1
           ) returning 1
         ), counted as (
           update trace_exporter set left_out = left_out + (select count(*) from gone) returning 1
         )
         select count(*) as gone from gone, counted`,
        [most],
      );
      return row!.gone;
    },
    async counts(): Promise<ExportCounts> {
      const [row] = await database.query<ExportCounts>(
        `select waiting, exported, left_out as "leftOut", failed,
           extract(epoch from ${nowSql('$1')} - oldest)::float8 * 1000 as "oldestAgeMs"
         from trace_exporter, (select count(*) as waiting, min(noted_at) as oldest from trace_export) as queue`,
        [database.now()],
      );
      return row!;
    },
  });
}
