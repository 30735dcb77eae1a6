/**
 * Runs: one row each, written before the workflow starts and completed by it. Every method is idempotent. The first end
 * of a run is final.
 */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { SluiceError } from '../base/errors.ts';
import type { CarriedAssignment } from '../model/assign.ts';
import type { NodeRecord } from '../model/run-messages.ts';
import type { Json, RunOutcome } from '../plan/plan.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { findById, type Sought, unknownId } from './find-by-id.ts';
import { callsOf, type ProviderCallRow } from './provider-calls.ts';
import { type RunSpending, spendingOf } from './spending.ts';
import { unstorablePath } from './storable.ts';

export type RunState = 'running' | RunOutcome;

/** What a run may take, the calls of all its node runs together. Absent: without limit. */
export interface RunBudget {
  readonly usd?: number;
  /** Tokens read and written. */
  readonly tokens?: number;
  /** From the run's start to its output. */
  readonly deadlineMs?: number;
}

/** The options of a request, before settings and experiments complete them. */
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
  /** The options of the request. Null or absent: unknown. */
  readonly request?: RunRequest | null;
  /** The complete assignments behind `arms`. Null or absent: no experiment. */
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
  /** When its content was removed; null: it has content. */
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

const MOST_UNFINISHED = 1_000;

export const createRuns = (database: TimedDatabase) =>
  bound(database, {
    begin,
    recordNodes,
    recordOutputs,
    outputs: outputsOf,
    complete,
    close,
    get: findRun,
    spending: spendingOf,
    list: listRuns,
    unfinished,
  });
export type Runs = ReturnType<typeof createRuns>;

/** Writes the row in state `running`. `created` is false when it was there already; `run` is the row that counts. */
async function begin(database: TimedDatabase, start: RunStart) {
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
      database.now(),
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

/** Records node runs; one already recorded stays as it is. @throws SluiceError `run_unknown` */
async function recordNodes(database: Database, runId: string, nodes: readonly NodeRunRow[]): Promise<void> {
  const known = await database.query(
    `with recorded as (
       insert into node_run (run_id, ${NODE_RUN_COLUMNS})
       select run.run_id, n.* from run, ${nodeRunsFrom(2)} where run.run_id = $1 on conflict do nothing
     )
     select run_id from run where run_id = $1`,
    [runId, ...nodeRunArrays(nodes)],
  );
  if (known.length === 0) throw await unknownRun(database, runId);
}

/**
 * Ends the run and records its remaining node runs, in one round trip; false when it had ended before, and then
 * nothing is changed.
 *
 * @throws SluiceError `run_unknown`
 */
const complete = (database: Database, runId: string, completion: RunCompletion): Promise<boolean> =>
  end(database, runId, completion, new Date(completion.finishedAt));

/**
 * Ends a run whose workflow cannot (terminated, timed out); false when it had ended before.
 *
 * @throws SluiceError `run_unknown`
 */
const close = (database: TimedDatabase, runId: string, outcome: RunOutcome, error: Json): Promise<boolean> =>
  end(database, runId, { outcome, output: null, error, nodes: [] }, database.now());

/** Runs still `running` that began more than `olderThanMs` ago, oldest first, at most 1,000: the sweeper's work. */
const unfinished = (database: TimedDatabase, olderThanMs: number): Promise<readonly RunListed[]> =>
  database.query<RunListed>(
    `select ${RUN_LISTED} from run
     where state = 'running' and started_at < ${nowSql('$2')} - $1 * interval '1 millisecond'
     order by started_at, run_id limit ${MOST_UNFINISHED}`,
    [olderThanMs, database.now()],
  );

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

/** The columns of a run under the names that `RunRow` gives them. */
export const RUN_LISTED = `run_id as "runId", pipeline, variant, plan_id as "planId", arms, unit, owner, budget,
  idempotency_key as "idempotencyKey", state, error, content_removed_at as "contentRemovedAt",
  content_removed_by as "contentRemovedBy", started_at as "startedAt", finished_at as "finishedAt"`;

const RUN_WHOLE = `${RUN_LISTED}, input, output, assignments, request`;

const RUN: Sought = {
  ...{ table: 'run', columns: RUN_WHOLE, idColumn: 'run_id', idName: 'runId', newestBy: 'started_at' },
  ...{ kind: 'run', words: ['run', 'runs'], whenNone: 'no run was made yet: `sluice ask` makes one' },
};

/** The run with this id or unique id prefix. @throws SluiceError `run_unknown`, `run_ambiguous` */
async function findRun(database: Database, idOrPrefix: string): Promise<RunWithNodes> {
  const run = await findById<RunRow>(database, RUN, idOrPrefix);
  const { runId } = run;
  const [nodes, calls, spent] = await Promise.all([
    nodeRunsOf(database, runId),
    callsOf(database, runId),
    spendingOf(database, runId),
  ]);
  return { ...run, nodes, calls, spent };
}

export const unknownRun = (queries: Queries, runId: string): Promise<SluiceError> => unknownId(queries, RUN, runId);

export interface RunFilter {
  readonly pipeline?: string;
  readonly state?: RunState;
  /** Only runs that this one asked for through the API. */
  readonly owner?: string;
  /** At most this many, 1 to 1,000; default 20. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly before?: string;
}

export interface RunPage {
  readonly runs: readonly RunListed[];
  /** Give it as `before` for the following page; null on the last. */
  readonly next: string | null;
}

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 1_000;

/** Newest first. @throws SluiceError `cursor_invalid`, `limit_invalid` */
async function listRuns(database: Database, filter: RunFilter = {}): Promise<RunPage> {
  const limit = filter.limit ?? DEFAULT_PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw new SluiceError('limit_invalid', {
      message: `a page of ${limit} runs was asked for`,
      remedy: `ask for 1 to ${LARGEST_PAGE}, and for the next page with its cursor`,
    });
  const [startedAt, runId] = filter.before === undefined ? [null, null] : readCursor(filter.before);
  // Times are compared as they are stored, in microseconds: as text, since milliseconds would lose rows.
  const rows = await database.query<RunListed & { place: string }>(
    `select ${RUN_LISTED}, started_at::text as place from run
     where ($1::text is null or pipeline = $1) and ($2::text is null or state = $2)
       and ($6::text is null or owner = $6)
       and ($3::text is null or (started_at, run_id) < ($3::timestamptz, $4))
     order by started_at desc, run_id desc limit $5`,
    [filter.pipeline ?? null, filter.state ?? null, startedAt, runId, limit + 1, filter.owner ?? null],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    runs: page.map(({ place: _, ...run }) => run),
    next: rows.length > limit && last !== undefined ? writeCursor(last.place, last.runId) : null,
  };
}

const writeCursor = (place: string, runId: string): string =>
  Buffer.from(JSON.stringify([place, runId])).toString('base64url');

/** A time as PostgreSQL writes it, of a day that exists. */
function isPlace(text: unknown): text is string {
  const { day, clock, year, hours } = (typeof text === 'string' && PLACE.exec(text)?.groups) || {};
  const at = new Date(`${day}T${clock}Z`);
  const isDay = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(`${day}T${clock}`);
  return isDay && year !== '0000' && Number(hours) <= MOST_OFFSET_HOURS;
}

const PLACE =
  /^(?<day>(?<year>\d{4})-\d\d-\d\d) (?<clock>\d\d:\d\d:\d\d)(\.\d{1,6})?[+-](?<hours>\d\d)(:[0-5]\d){0,2}$/;
const MOST_OFFSET_HOURS = 14;

function readCursor(cursor: string): readonly [startedAt: string, runId: string] {
  try {
    const [startedAt, runId] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (isPlace(startedAt) && typeof runId === 'string' && unstorablePath(runId) === undefined)
      return [startedAt, runId];
  } catch {}
  throw new SluiceError('cursor_invalid', {
    message: `'${cursor.slice(0, 40)}' is not a place in the list of runs`,
    remedy: 'give the `next` of the page before, or leave it out for the first page',
  });
}

// Node runs: how each node's execution in a run went. The one table of them; traces, outcomes and evaluation cells are
// views of it or point to it. Many are written in one statement, as one array per column.

/** Times are milliseconds, `startedAt` since the epoch. Absent is null: unknown, or nothing was called. */
export interface NodeRunRow extends Omit<NodeRecord, 'error'> {
  readonly bytesIn?: number | null;
  readonly bytesOut?: number | null;
  readonly error: Json;
}

/** The columns, in the order of `nodeRunArrays`. */
const NODE_RUN_COLUMNS = `key, node, kind, step, call, outcome, attempts, started_at, duration_ms, queued_ms,
  bytes_in, bytes_out, error`;

const TYPES = ['text', 'text', 'text', 'text', 'text', 'text', 'int', 'timestamptz', 'float8', 'float8'];
const ALL_TYPES = [...TYPES, 'int', 'int', 'json'];

/** A FROM item over the arrays in the parameters from `$first` on. */
function nodeRunsFrom(first: number): string {
  return `unnest(${ALL_TYPES.map((type, index) => `$${first + index}::${type}[]`).join(', ')})
    as n (${NODE_RUN_COLUMNS})`;
}

function nodeRunArrays(nodes: readonly NodeRunRow[]): unknown[][] {
  return [
    nodes.map((run) => run.key),
    nodes.map((run) => run.node),
    nodes.map((run) => run.kind),
    nodes.map((run) => run.step),
    nodes.map((run) => run.call),
    nodes.map((run) => run.outcome),
    nodes.map((run) => run.attempts),
    nodes.map((run) => (run.startedAt === null ? null : new Date(run.startedAt))),
    nodes.map((run) => run.durationMs),
    nodes.map((run) => run.queuedMs),
    nodes.map((run) => run.bytesIn ?? null),
    nodes.map((run) => run.bytesOut ?? null),
    nodes.map((run) => (run.error === null ? null : JSON.stringify(run.error))),
  ];
}

async function nodeRunsOf(database: Queries, runId: string): Promise<readonly NodeRunRow[]> {
  return database.query<NodeRunRow>(
    `select key, node, kind, step, call, outcome, attempts, started_at as "startedAt", duration_ms as "durationMs",
       queued_ms as "queuedMs", bytes_in as "bytesIn", bytes_out as "bytesOut", error
     from node_run where run_id = $1 order by node_run_no`,
    [runId],
  );
}

export interface NodeOutput {
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly output: Json;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Keeps what nodes gave; what a run has already stays. @throws SluiceError `run_unknown` */
async function recordOutputs(database: Database, runId: string, outputs: readonly NodeOutput[]): Promise<void> {
  const body = outputs.length === 0 ? null : await compress(JSON.stringify(outputs));
  const known = await database.query(
    `with recorded as (
       insert into node_output (run_id, nodes, body)
       select run_id, $2, $3 from run where run_id = $1 and $3::bytea is not null on conflict do nothing
     )
     select run_id from run where run_id = $1`,
    [runId, outputs.length, body],
  );
  if (known.length === 0) throw await unknownRun(database, runId);
}

/** What nodes gave, by key: those that are known of these, or all. */
async function outputsOf(
  database: Database,
  runId: string,
  keys?: readonly string[],
): Promise<ReadonlyMap<string, Json>> {
  const [row] = await database.query<{ body: Buffer }>('select body from node_output where run_id = $1', [runId]);
  const outputs = row === undefined ? [] : (JSON.parse(String(await decompress(row.body))) as readonly NodeOutput[]);
  const wanted = keys === undefined ? outputs : outputs.filter(({ key }) => keys.includes(key));
  return new Map(wanted.map(({ key, output }) => [key, output]));
}
