/** Backtests and shadows: what was asked, the runs that wait to be made again, and what came of each. */
import type { RerunError, RerunKind, RerunResult, RerunSpec, RerunState } from '../model/rerun-spec.ts';
import type { Clock } from './clock.ts';
import { nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { findRerun, listReruns } from './reruns-find.ts';
import { enqueue, type Lane, queuedRuns } from './reruns-queue.ts';
import { progressOf, putResults, readResult, readResults } from './reruns-results.ts';
import { createRerun, endRerun, selectRuns } from './reruns-write.ts';

export interface NewRerun {
  readonly rerunId: string;
  readonly spec: RerunSpec;
  /** Of a shadow; null of a backtest. */
  readonly share: number | null;
  /** Null: no limit. */
  readonly budgetUsd: number | null;
  readonly startedBy: string;
  /** The runs of a backtest; none of a shadow. */
  readonly runIds: readonly string[];
}

/** Times are milliseconds since the epoch. */
export interface RerunRow extends Omit<NewRerun, 'runIds'> {
  readonly kind: RerunKind;
  readonly pipeline: string;
  readonly variant: string;
  readonly state: RerunState;
  readonly error: RerunError | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface StoredResult extends RerunResult {
  /** Of the run; null where it is not known. */
  readonly unit: string | null;
}

export interface RerunProgress {
  readonly total: number;
  readonly queued: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of those done: answers that are others. */
  readonly changed: number;
  /** Of a shadow: runs that were not taken in, as too many were waiting. */
  readonly leftOut: number;
  readonly calls: { readonly reused: number; readonly made: number };
  /** What runs and scorers have cost; null where nothing is known. */
  readonly paidUsd: number | null;
  readonly unknownCalls: number;
  /** Why runs were skipped or failed, the most frequent first. */
  readonly reasons: readonly { readonly state: 'failed' | 'skipped'; readonly code: string; readonly runs: number }[];
}

/** Which recorded runs a backtest takes: the newest that have ended. */
export interface RunSelection {
  readonly pipeline: string;
  /** 1 to 10,000. */
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  /** Only those of which somebody has said this. */
  readonly thumb?: 1 | -1;
}

export interface Shadowing {
  readonly rerunId: string;
  readonly pipeline: string;
  readonly share: number;
}

export interface Reruns {
  /** Ids of ended runs, newest first. */
  select(selection: RunSelection): Promise<readonly string[]>;
  create(rerun: NewRerun): Promise<RerunRow>;
  /** By id, or the only one whose id begins so. @throws SluiceError `rerun_unknown` (with the nearest), `rerun_ambiguous` */
  get(idOrPrefix: string): Promise<RerunRow>;
  /** Newest first. */
  list(filter?: {
    readonly kind?: RerunKind;
    readonly pipeline?: string;
    readonly live?: boolean;
    readonly limit?: number;
  }): Promise<readonly RerunRow[]>;
  /** Shadows that are not stopped. */
  shadowing(): Promise<readonly Shadowing[]>;
  /**
   * A run that has ended waits to be repeated by those of these shadows that are of its pipeline, unless one has stopped, or
   * too many wait: then it is counted as left out.
   */
  enqueue(rerunIds: readonly string[], runId: string): Promise<void>;
  /** The first that wait, and the state it is in. @throws SluiceError `rerun_unknown` */
  queued(rerunId: string, lane: Lane): Promise<{ readonly state: RerunState; readonly runIds: readonly string[] }>;
  /** What came of runs; what is there already stays. @throws SluiceError `rerun_unknown` */
  put(rerunId: string, results: readonly RerunResult[]): Promise<void>;
  /** False where it has ended before, and then nothing is changed. */
  end(rerunId: string, state: Exclude<RerunState, 'running'>, error: RerunError | null): Promise<boolean>;
  progress(rerunId: string): Promise<RerunProgress>;
  /** Of those that do not wait any more, in order of the runs' ids. */
  results(rerunId: string): AsyncGenerator<StoredResult>;
  result(rerunId: string, runId: string): Promise<StoredResult | undefined>;
}

export function createReruns(database: Database, clock?: Clock): Reruns {
  return Object.freeze({
    select: (selection) => selectRuns(database, selection),
    create: (rerun) => createRerun(database, rerun, nowParam(clock)),
    get: (idOrPrefix) => findRerun(database, idOrPrefix),
    list: (filter = {}) => listReruns(database, filter),
    shadowing: () =>
      database.query<Shadowing>(
        `select rerun_id as "rerunId", pipeline, share from rerun where kind = 'shadow' and state = 'running'
         order by rerun_id`,
      ),
    enqueue: (rerunIds, runId) => enqueue(database, rerunIds, runId),
    queued: (rerunId, lane) => queuedRuns(database, rerunId, lane),
    put: (rerunId, results) => putResults(database, rerunId, results, nowParam(clock)),
    end: (rerunId, state, error) => endRerun(database, { rerunId, state, error, now: nowParam(clock) }),
    progress: (rerunId) => progressOf(database, rerunId),
    results: (rerunId) => readResults(database, rerunId),
    result: (rerunId, runId) => readResult(database, rerunId, runId),
  } satisfies Reruns);
}
