/**
 * Calls to paid providers, one row each: written before the call leaves, so that none is forgotten, and completed with
 * what it used. What a node run or a run has cost is a sum over these rows, made by the database in exact decimals.
 */

import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Json } from '../plan/plan.ts';
import { bound, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { UNENDED } from './evaluation-rows.ts';
import type { RunBudget } from './runs.ts';
import { decimal } from './spending.ts';

// Compresses JSON that no query reads, with zstd. Synchronously: for small values a pool thread would cost more.

const pack = (value: Json): Buffer => zstdCompressSync(JSON.stringify(value));

export const unpack = (body: Buffer): Json => JSON.parse(String(zstdDecompressSync(body))) as Json;

export type CallKind = 'text' | 'data' | 'rerank' | 'embed';
export type CallStatus = 'open' | 'done' | 'failed' | 'cut';
/** Source of a call's usage: the provider, the tokenizer, or unknown; `none`: the call was refused. */
export type CallUsage = 'reported' | 'estimated' | 'unknown' | 'none';

export interface CallOpening {
  /** A UUID of the caller's making, so that opening it twice is opening it once. */
  readonly callId: string;
  /** Of the run, or of the evaluation. */
  readonly runId: string;
  readonly key: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly provider: string;
  readonly model: string;
  readonly kind: CallKind;
  /** The most that it may take. */
  readonly reservedTokens: number;
  /** Null where the price is unknown. */
  readonly reservedUsd: number | null;
  /** The request. Absent: not stored. */
  readonly request?: Json;
}

export interface CallClosing {
  readonly status: Exclude<CallStatus, 'open'>;
  readonly usage: CallUsage;
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly outputTokens: number | null;
  readonly searchUnits: number | null;
  /** Null where usage or price is unknown. */
  readonly costUsd: number | null;
  readonly requestId: string | null;
  readonly errorCode: string | null;
  /** The response. Absent: not stored. */
  readonly response?: Json;
}

/** Times are milliseconds since the epoch. */
export interface ProviderCallRow extends Omit<CallClosing, 'status' | 'response'> {
  readonly key: string;
  readonly attempt: number;
  readonly provider: string;
  readonly model: string;
  readonly kind: CallKind;
  /** `open` while it is under way; one that was left open is `cut` once its run, or its attempt, is over. */
  readonly status: CallStatus;
  readonly startedAt: number;
  readonly finishedAt: number | null;
}

/** The owner of the budget. */
export type BudgetScope = 'run' | 'evaluation' | 'backtest' | 'shadow' | 'monitor';

/** Why a call may not leave: the budget that it would exceed, and what is committed of that. */
export type Opened =
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'exceeded';
      readonly scope: BudgetScope;
      readonly limit: 'usd' | 'tokens';
      readonly budget: number;
      readonly committed: number;
    }
  | { readonly kind: 'price-unknown'; readonly scope: BudgetScope; readonly budget: number };

export const createProviderCalls = (database: TimedDatabase) =>
  bound(database, {
    open: openCall,
    close,
    ofRun: callsOf,
  });
export type ProviderCalls = ReturnType<typeof createProviderCalls>;

const packed = (body: Json | undefined): Buffer | null => (body === undefined ? null : pack(body));

/**
 * Writes the row if the budget of the run or evaluation covers the most that this call may cost, plus what is spent and
 * what open calls may still spend. Calls of one budget are admitted one at a time.
 */
function openCall(database: Database, opening: CallOpening): Promise<Opened> {
  const request = packed(opening.request);
  return database.transaction((queries) => open(queries, opening, request));
}

/** An evaluation's sums grow with its calls, in the same statement; a run has none. */
async function open(queries: Queries, opening: CallOpening, request: Buffer | null): Promise<Opened> {
  const refused = await refusal(queries, opening);
  if (refused) return refused;
  await queries.query(
    `with opened as (
       insert into provider_call (call_id, run_id, key, attempt, idempotency_key, provider, model, kind,
         reserved_tokens, reserved_usd, request)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (call_id) do nothing
       returning run_id, reserved_usd
     )
     update evaluation_spending as spent set calls = calls + 1, unknown_calls = unknown_calls + 1,
       committed_usd = committed_usd + coalesce(opened.reserved_usd, 0)
     from opened where spent.evaluation_id = opened.run_id`,
    [
      opening.callId,
      opening.runId,
      opening.key,
      opening.attempt,
      opening.idempotencyKey,
      opening.provider,
      opening.model,
      opening.kind,
      opening.reservedTokens,
      decimal(opening.reservedUsd),
      request,
    ],
  );
  return { kind: 'opened' };
}

/** Completes the row; the second completion changes nothing. */
async function close(database: Queries, callId: string, closing: CallClosing): Promise<void> {
  await database.query(
    `with closed as (
       update provider_call set status = $2, usage = $3, input_tokens = $4, cached_input_tokens = $5,
         output_tokens = $6, search_units = $7, cost_usd = $8, request_id = $9, error_code = $10,
         response = $11, finished_at = clock_timestamp()
       where call_id = $1 and status = 'open' returning run_id, reserved_usd, cost_usd
     )
     update evaluation_spending as spent set unknown_calls = unknown_calls - 1,
       paid_usd = paid_usd + closed.cost_usd,
       committed_usd = committed_usd + closed.cost_usd - coalesce(closed.reserved_usd, 0)
     from closed where spent.evaluation_id = closed.run_id and closed.cost_usd is not null`,
    [
      callId,
      closing.status,
      closing.usage,
      closing.inputTokens,
      closing.cachedInputTokens,
      closing.outputTokens,
      closing.searchUnits,
      decimal(closing.costUsd),
      closing.requestId,
      closing.errorCode,
      packed(closing.response),
    ],
  );
}

/**
 * The calls of a run or an evaluation, in order of their start. An ended run, or a later attempt, shows that an open
 * call was lost.
 */
export async function callsOf(database: Queries, runId: string): Promise<readonly ProviderCallRow[]> {
  return selectCalls(database, runId);
}

/** @param more further columns of the row, each under a name of its own, with a comma before it */
export async function selectCalls<Row extends ProviderCallRow>(
  database: Queries,
  runId: string,
  more = '',
): Promise<readonly Row[]> {
  return database.query<Row>(
    `select key, attempt, provider, model, kind,
       case when status = 'open' and (ended or surpassed) then 'cut' else status end as status, usage, input_tokens as "inputTokens", cached_input_tokens as "cachedInputTokens", output_tokens as "outputTokens",
       search_units as "searchUnits", cost_usd::float8 as "costUsd", request_id as "requestId",
       error_code as "errorCode", started_at as "startedAt", finished_at as "finishedAt"${more}
     from provider_call as call
       cross join lateral (
         select exists (select from run where run_id = call.run_id and state <> 'running')
             or exists (select from evaluation where evaluation_id = call.run_id and state not in ${UNENDED}) as ended,
           exists (
             select from provider_call as later
             where later.run_id = call.run_id and later.key = call.key and later.call_no > call.call_no
               and (later.attempt, later.idempotency_key) <> (call.attempt, call.idempotency_key)
           ) as surpassed
       ) as what_came_after
     where run_id = $1 order by call_no`,
    [runId],
  );
}

// Budget admission. The budget of the run, evaluation, rerun or monitor day must cover the most that the call may cost,
// plus what is spent and what open calls may still spend. The rows read here stay locked until the call is written, so
// that calls of one budget are admitted one at a time.

interface Budgets {
  readonly run: RunBudget | null;
  readonly evaluationUsd: number | null;
  readonly committedUsd: number | null;
  readonly fits: boolean | null;
  readonly rerun: 'backtest' | 'shadow' | null;
  readonly rerunUsd: number | null;
  readonly monitorUsd: number | null;
}

/** A waiting statement sees rows as of its lock, so stored sums are current. */
const LOCK = `
  with run_row as (select budget from run where run_id = $1 for no key update),
  evaluation_row as (
    select budget_usd, committed_usd from evaluation join evaluation_spending using (evaluation_id)
    where evaluation_id = $1 for no key update
  ),
  rerun_row as (select kind, budget_usd from rerun where rerun_id = $1 for no key update),
  monitor_row as (select budget_usd from monitor_day where paid_by = $1 for no key update)
  select rerun_row.kind as rerun, rerun_row.budget_usd::float8 as "rerunUsd", run_row.budget as run,
    evaluation_row.budget_usd::float8 as "evaluationUsd", committed_usd::float8 as "committedUsd", committed_usd + $2::numeric <= evaluation_row.budget_usd as fits,
    monitor_row.budget_usd::float8 as "monitorUsd"
  from (select) as always left join run_row on true left join evaluation_row on true left join rerun_row on true
    left join monitor_row on true`;

/** Undefined: there is room, or no budget. */
async function refusal(queries: Queries, opening: CallOpening): Promise<Opened | undefined> {
  const [budgets] = await queries.query<Budgets>(LOCK, [opening.runId, decimal(opening.reservedUsd)]);
  const { run, rerun, rerunUsd, monitorUsd, evaluationUsd, committedUsd, fits } = budgets!;
  if (run !== null) return summedUp(queries, opening, run, 'run');
  if (rerun !== null) return rerunUsd === null ? undefined : summedUp(queries, opening, { usd: rerunUsd }, rerun);
  if (monitorUsd !== null) return summedUp(queries, opening, { usd: monitorUsd }, 'monitor');
  if (evaluationUsd === null || fits) return undefined;
  // A statement that is made again may have been made before, and then what it reserves is committed already.
  if (await isThere(queries, opening.callId)) return undefined;
  const scope = 'evaluation';
  if (opening.reservedUsd === null) return { kind: 'price-unknown', scope, budget: evaluationUsd };
  return { kind: 'exceeded', scope, limit: 'usd', budget: evaluationUsd, committed: committedUsd! };
}

async function isThere(queries: Queries, callId: string): Promise<boolean> {
  return (await queries.query('select call_no from provider_call where call_id = $1', [callId])).length > 0;
}

/** Sums the calls of owners without stored sums: a run has few calls, and a rerun as many as its budget allows. */
async function summedUp(
  queries: Queries,
  opening: CallOpening,
  { usd, tokens }: RunBudget,
  scope: Exclude<BudgetScope, 'evaluation'>,
): Promise<Opened | undefined> {
  if (usd === undefined && tokens === undefined) return undefined;
  if (usd !== undefined && opening.reservedUsd === null) return { kind: 'price-unknown', scope, budget: usd };
  // What is spent is summed up by a statement of its own: one that had waited for the lock would not see what was
  // written meanwhile. What is not known to have been taken is held to have been taken whole.
  const [sum] = await queries.query<{ usd: number; tokens: number; usdFits: boolean; tokensFit: boolean }>(
    `select usd::float8, tokens, coalesce(usd + $3::numeric <= $4::numeric, true) as "usdFits",
       coalesce(tokens + $5::bigint <= $6::bigint, true) as "tokensFit"
     from (
       select coalesce(sum(coalesce(cost_usd, reserved_usd)), 0) as usd,
         coalesce(sum(case usage when 'unknown' then reserved_tokens
           else coalesce(input_tokens, 0) + coalesce(output_tokens, 0) end), 0)::bigint as tokens
       from provider_call where run_id = $1 and call_id <> $2
     ) as committed`,
    [opening.runId, opening.callId, decimal(opening.reservedUsd), usd ?? null, opening.reservedTokens, tokens ?? null],
  );
  if (!sum!.usdFits) return { kind: 'exceeded', scope, limit: 'usd', budget: usd!, committed: sum!.usd };
  if (!sum!.tokensFit) return { kind: 'exceeded', scope, limit: 'tokens', budget: tokens!, committed: sum!.tokens };
  return undefined;
}
