/**
 * Calls to paid providers, one row each: written before the call leaves, so that none is forgotten, and completed with
 * what it used. What a node run or a run has cost is a sum over these rows, made by the database in exact decimals.
 */
import type { Json } from '../plan/plan.ts';
import { refusal } from './call-budgets.ts';
import type { Database, Queries } from './database.ts';
import { UNENDED } from './evaluations-write.ts';
import { pack } from './packed.ts';
import { decimal } from './spending.ts';

export type CallKind = 'text' | 'data' | 'rerank' | 'embed';
export type CallStatus = 'open' | 'done' | 'failed' | 'cut';
/** Whose numbers a call's usage is: the provider's, the tokenizer's, nobody's; `none`: refused, so nothing was made. */
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
  /** What is sent. Absent: not kept. */
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
  /** What came back. Absent: not kept. */
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

/** Whose budget it is. */
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

export interface ProviderCalls {
  /**
   * Writes the row, unless the budget of the run, or of the evaluation, does not have room for the most that this call
   * may take, beside what is spent and what may yet be by the calls under way. They are let in one at a time.
   */
  open(opening: CallOpening): Promise<Opened>;
  /** Completes the row; the second completion changes nothing. */
  close(callId: string, closing: CallClosing): Promise<void>;
  /** In the order in which they left. */
  ofRun(runId: string): Promise<readonly ProviderCallRow[]>;
}

export function createProviderCalls(database: Database): ProviderCalls {
  return Object.freeze({
    open(opening) {
      const request = packed(opening.request);
      return database.transaction((queries) => open(queries, opening, request));
    },
    close: (callId, closing) => close(database, callId, closing),
    ofRun: (runId) => callsOf(database, runId),
  } satisfies ProviderCalls);
}

const packed = (body: Json | undefined): Buffer | null => (body === undefined ? null : pack(body));

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

/** The calls of a run, or of an evaluation; its end, or a later attempt, tells a call that was left open from one that is under way. */
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
