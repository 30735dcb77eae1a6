/**
 * Runs: one row each, there before the workflow starts and completed by it. Every method may be called twice. What ends
 * a run is written once: a second ending, whoever brings it, changes nothing.
 */
import type { CarriedAssignment } from '../model/assign.ts';
import type { Json, RunOutcome } from '../plan/plan.ts';
import { type Clock, nowParam, nowSql } from './clock.ts';
import type { Database } from './database.ts';
import { type NodeOutput, outputsOf, recordOutputs } from './node-outputs.ts';
import { NODE_RUN_COLUMNS, type NodeRunRow, nodeRunArrays, nodeRunsFrom } from './node-runs.ts';
import type { ProviderCallRow } from './provider-calls.ts';
import { RUN_LISTED, RUN_WHOLE } from './run-columns.ts';
import { listRuns, type RunFilter, type RunPage } from './run-list.ts';
import { findRun, unknownRun } from './run-lookup.ts';
import { type RunSpending, spendingOf } from './spending.ts';

export type RunState = 'running' | RunOutcome;

/** What a run may take, the calls of all its node runs together. Absent: without limit. */
export interface RunBudget {
  readonly usd?: number;
  /** Tokens read and written. */
  readonly tokens?: number;
  /** From the run's start to its output. */
  readonly deadlineMs?: number;
}

/** What a request says beside its input, before settings and experiments complete it. */
export interface RunRequest {
  readonly budget: RunBudget | null;
  /** Whether it named the unit. */
  readonly isUnitGiven: boolean;
}

export interface RunStart {
  /** The workflow's id, too. */
  readonly runId: string;
  readonly pipeline: string;
  /** The variant in code that was asked for. Null, or absent: the pipeline itself. */
  readonly variant?: string | null;
  readonly planId: string;
  /** The arm by experiment; empty where no experiment is on. */
  readonly arms: { readonly [experiment: string]: string };
  /** Who is randomised and analysed; null where unknown. */
  readonly unit: string | null;
  readonly idempotencyKey: string | null;
  readonly input: Json;
  /** Null, or absent: no limit. */
  readonly budget?: RunBudget | null;
  /** What the request said beside its input. Null, or absent: it is not known. */
  readonly request?: RunRequest | null;
  /** What `arms` is said of, whole. Null, or absent: no experiment is on. */
  readonly assignments?: readonly CarriedAssignment[] | null;
  /** Who asked for it through the API. Null, or absent: not through it. */
  readonly owner?: string | null;
}

/** Times are milliseconds since the epoch. */
export interface RunRow extends RunStart {
  readonly variant: string | null;
  readonly budget: RunBudget | null;
  readonly request: RunRequest | null;
  readonly assignments: readonly CarriedAssignment[] | null;
  readonly owner: string | null;
  readonly state: RunState;
  readonly output: Json;
  readonly error: Json;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** When it lost its input, output and all that was said in words; null: it has them. */
  readonly contentRemovedAt: number | null;
  readonly contentRemovedBy: 'retention' | 'erasure' | null;
}

export interface RunWithNodes extends RunRow {
  /** In the order in which they were recorded. */
  readonly nodes: readonly NodeRunRow[];
  /** To providers, in the order in which they left. */
  readonly calls: readonly ProviderCallRow[];
  readonly spent: RunSpending;
}

/** A run without what it took and gave, for lists. */
export type RunListed = Omit<RunRow, 'input' | 'output' | 'assignments' | 'request'>;

export interface RunCompletion {
  readonly outcome: RunOutcome;
  readonly output: Json;
  readonly error: Json;
  readonly finishedAt: number;
  /** Those not yet recorded; may be empty. */
  readonly nodes: readonly NodeRunRow[];
}

export interface Runs {
  /** Writes the row in state `running`. `created` is false when it was there already; `run` is the row that counts. */
  begin(start: RunStart): Promise<{ readonly created: boolean; readonly run: RunRow }>;
  /** Records node runs; one already recorded stays as it is. @throws SluiceError `run_unknown` */
  recordNodes(runId: string, nodes: readonly NodeRunRow[]): Promise<void>;
  /** Keeps what nodes gave; what a run has already stays. @throws SluiceError `run_unknown` */
  recordOutputs(runId: string, outputs: readonly NodeOutput[]): Promise<void>;
  /** What nodes gave, by key: those that are known of these, or all. */
  outputs(runId: string, keys?: readonly string[]): Promise<ReadonlyMap<string, Json>>;
  /**
   * Ends the run and records its remaining node runs, in one round trip; false when it had ended before, and then
   * nothing is changed.
   *
   * @throws SluiceError `run_unknown`
   */
  complete(runId: string, completion: RunCompletion): Promise<boolean>;
  /**
   * Ends a run whose workflow can no longer do so (terminated, timed out); false when it had ended before.
   *
   * @throws SluiceError `run_unknown`
   */
  close(runId: string, outcome: RunOutcome, error: Json): Promise<boolean>;
  /**
   * The run with this id, or the only one whose id begins so.
   *
   * @throws SluiceError `run_unknown`, `run_ambiguous`
   */
  get(idOrPrefix: string): Promise<RunWithNodes>;
  /** What its calls to providers have cost up to now; nothing for a run that there is not. */
  spending(runId: string): Promise<RunSpending>;
  /** Newest first. @throws SluiceError `cursor_invalid`, `limit_invalid` */
  list(filter?: RunFilter): Promise<RunPage>;
  /** Runs still `running` that began more than `olderThanMs` ago, oldest first, at most 1,000: the sweeper's work. */
  unfinished(olderThanMs: number): Promise<readonly RunListed[]>;
}

const MOST_UNFINISHED = 1_000;

export function createRuns(database: Database, clock?: Clock): Runs {
  return Object.freeze({
    begin: (start) => begin(database, start, nowParam(clock)),
    async recordNodes(runId, nodes) {
      const known = await database.query(
        `with recorded as (
           insert into node_run (run_id, ${NODE_RUN_COLUMNS})
           select run.run_id, n.* from run, ${nodeRunsFrom(2)} where run.run_id = $1 on conflict do nothing
         )
         select run_id from run where run_id = $1`,
        [runId, ...nodeRunArrays(nodes)],
      );
      if (known.length === 0) throw await unknownRun(database, runId);
    },
    recordOutputs: (runId, outputs) => recordOutputs(database, runId, outputs),
    outputs: (runId, keys) => outputsOf(database, runId, keys),
    complete: (runId, completion) => end(database, runId, completion, new Date(completion.finishedAt)),
    close: (runId, outcome, error) =>
      end(database, runId, { outcome, output: null, error, nodes: [] }, nowParam(clock)),
    get: (idOrPrefix) => findRun(database, idOrPrefix),
    spending: (runId) => spendingOf(database, runId),
    list: (filter = {}) => listRuns(database, filter),
    unfinished: (olderThanMs) =>
      database.query<RunListed>(
        `select ${RUN_LISTED} from run
         where state = 'running' and started_at < ${nowSql('$2')} - $1 * interval '1 millisecond'
         order by started_at, run_id limit ${MOST_UNFINISHED}`,
        [olderThanMs, nowParam(clock)],
      ),
  } satisfies Runs);
}

async function begin(database: Database, start: RunStart, now: Date | null) {
  const { runId, pipeline, variant, planId, arms, unit, idempotencyKey, input, budget, request, assignments, owner } =
    start;
  const [added] = await database.query<RunRow>(
    `insert into run (run_id, pipeline, plan_id, arms, unit, idempotency_key, state, input, budget, assignments,
       owner, variant, request, started_at)
     values ($1, $2, $3, $4, $5, $6, 'running', $7, $8, $9, $11, $12, $13, ${nowSql('$10')})
     on conflict do nothing returning ${RUN_WHOLE}`,
    [
      runId,
      pipeline,
      planId,
      JSON.stringify(arms),
      unit,
      idempotencyKey,
      JSON.stringify(input),
      budget ? JSON.stringify(budget) : null,
      assignments ? JSON.stringify(assignments) : null,
      now,
      owner ?? null,
      variant ?? null,
      request ? JSON.stringify(request) : null,
    ],
  );
  if (added !== undefined) return { created: true, run: added };
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [known] = await database.query<RunRow>(`select ${RUN_WHOLE} from run where run_id = $1`, [runId]);
  return { created: false, run: known! };
}

type Ending = Omit<RunCompletion, 'finishedAt'>;

async function end(database: Database, runId: string, ending: Ending, finishedAt: Date | null): Promise<boolean> {
  const [row] = await database.query<{ ended: boolean }>(
    `with ended as (
       update run set state = $2, output = $3, error = $4, finished_at = ${nowSql('$5')}
       where run_id = $1 and state = 'running' returning run_id
     ), recorded as (
       insert into node_run (run_id, ${NODE_RUN_COLUMNS})
       select ended.run_id, n.* from ended, ${nodeRunsFrom(6)} on conflict do nothing
     )
     select exists (select from ended) as ended from run where run_id = $1`,
    [
      runId,
      ending.outcome,
      JSON.stringify(ending.output),
      JSON.stringify(ending.error),
      finishedAt,
      ...nodeRunArrays(ending.nodes),
    ],
  );
  if (row === undefined) throw await unknownRun(database, runId);
  return row.ended;
}
