/**
 * Attempts that did not simply succeed: those that failed, and those after them. The first attempt that succeeds, which
 * most are, has no row: its node run says all of it.
 */
import type { Json } from '../plan/plan.ts';
import type { Queries } from './database.ts';
import { storable } from './storable.ts';

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

export interface Attempts {
  /** Keeps it once; nothing where there is no such run. */
  record(runId: string, attempt: AttemptRow): Promise<void>;
  /** In the order in which they began. */
  ofRun(runId: string): Promise<readonly AttemptRow[]>;
}

export function createAttempts(database: Queries): Attempts {
  return Object.freeze({
    async record(runId, { key, call, attempt, step, outcome, worker, startedAt, durationMs, queuedMs, error }) {
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
    ofRun: (runId) =>
      database.query<AttemptRow>(
        `select key, call, attempt, step, outcome, worker, started_at as "startedAt", duration_ms as "durationMs",
           queued_ms as "queuedMs", error
         from attempt where run_id = $1 order by started_at, key, call desc, attempt`,
        [runId],
      ),
  } satisfies Attempts);
}
