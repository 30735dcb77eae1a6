/**
 * Calls to paid providers, one row each: written before the call leaves, so that none is forgotten, and completed with
 * what it used. What a node run or a run has cost is a sum over these rows, made by the database in exact decimals.
 */
import type { Database, Queries } from './database.ts';
import type { RunBudget } from './runs.ts';
import { decimal } from './spending.ts';

export type CallKind = 'text' | 'data' | 'rerank' | 'embed';
export type CallStatus = 'open' | 'done' | 'failed' | 'cut';
/** Whose numbers a call's usage is: the provider's, the tokenizer's, nobody's; `none`: refused, so nothing was made. */
export type CallUsage = 'reported' | 'estimated' | 'unknown' | 'none';

export interface CallOpening {
  /** A UUID of the caller's making, so that opening it twice is opening it once. */
  readonly callId: string;
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
}

/** Times are milliseconds since the epoch. */
export interface ProviderCallRow extends Omit<CallClosing, 'status'> {
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

/** Why a call may not leave: the budget that it would exceed, and what is left of that. */
export type Opened =
  | { readonly kind: 'opened' }
  | { readonly kind: 'exceeded'; readonly limit: 'usd' | 'tokens'; readonly budget: number; readonly committed: number }
  | { readonly kind: 'price-unknown'; readonly budget: number };

export interface ProviderCalls {
  /**
   * Writes the row, unless the run's budget does not have room for the most that this call may take, beside what is
   * spent and what may yet be by the calls under way. Calls of one run are let in one at a time.
   */
  open(opening: CallOpening): Promise<Opened>;
  /** Completes the row; the second completion changes nothing. */
  close(callId: string, closing: CallClosing): Promise<void>;
  /** In the order in which they left. */
  ofRun(runId: string): Promise<readonly ProviderCallRow[]>;
}

export function createProviderCalls(database: Database): ProviderCalls {
  return Object.freeze({
    open: (opening) => database.transaction((queries) => open(queries, opening)),
    close: (callId, closing) => close(database, callId, closing),
    ofRun: (runId) => callsOf(database, runId),
  } satisfies ProviderCalls);
}

async function open(queries: Queries, opening: CallOpening): Promise<Opened> {
  // The run's row is the lock. What is spent is summed up by a statement of its own: one that had waited for the lock
  // would not see what was written meanwhile.
  const [run] = await queries.query<{ budget: RunBudget | null }>(
    'select budget from run where run_id = $1 for no key update',
    [opening.runId],
  );
  const refused = run?.budget ? await refusal(queries, opening, run.budget) : undefined;
  if (refused) return refused;
  await queries.query(
    `insert into provider_call (call_id, run_id, key, attempt, idempotency_key, provider, model, kind,
       reserved_tokens, reserved_usd)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (call_id) do nothing`,
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
    ],
  );
  return { kind: 'opened' };
}

async function refusal(queries: Queries, opening: CallOpening, budget: RunBudget): Promise<Opened | undefined> {
  const { usd, tokens } = budget;
  if (usd === undefined && tokens === undefined) return undefined;
  if (usd !== undefined && opening.reservedUsd === null) return { kind: 'price-unknown', budget: usd };
  // What is not known to have been taken is held to have been taken whole.
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
  if (!sum!.usdFits) return { kind: 'exceeded', limit: 'usd', budget: usd!, committed: sum!.usd };
  if (!sum!.tokensFit) return { kind: 'exceeded', limit: 'tokens', budget: tokens!, committed: sum!.tokens };
  return undefined;
}

async function close(database: Queries, callId: string, closing: CallClosing): Promise<void> {
  await database.query(
    `update provider_call set status = $2, usage = $3, input_tokens = $4, cached_input_tokens = $5, output_tokens = $6,
       search_units = $7, cost_usd = $8, request_id = $9, error_code = $10, finished_at = clock_timestamp()
     where call_id = $1 and status = 'open'`,
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
    ],
  );
}

/** A run's calls; its end, or a later attempt, tells a call that was left open from one that is under way. */
export async function callsOf(database: Queries, runId: string): Promise<readonly ProviderCallRow[]> {
  return database.query<ProviderCallRow>(
    `select key, attempt, provider, model, kind,
       case when status = 'open' and (ended or surpassed) then 'cut' else status end as status, usage, input_tokens as "inputTokens", cached_input_tokens as "cachedInputTokens", output_tokens as "outputTokens",
       search_units as "searchUnits", cost_usd::float8 as "costUsd", request_id as "requestId",
       error_code as "errorCode", started_at as "startedAt", finished_at as "finishedAt"
     from provider_call as call
       cross join lateral (
         select exists (select from run where run_id = call.run_id and state <> 'running') as ended,
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
