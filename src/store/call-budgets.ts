/**
 * Whether a call may leave: whether the budget of its run, its evaluation, its backtest or shadow, or its monitor's day has room for the most that it may take,
 * beside what is spent and what may yet be by the calls under way. The rows that are read here stay locked until the call
 * is written, so that calls of one budget are let in one at a time.
 */
import type { Queries } from './database.ts';
import type { BudgetScope, CallOpening, Opened } from './provider-calls.ts';
import type { RunBudget } from './runs.ts';
import { decimal } from './spending.ts';

interface Budgets {
  readonly run: RunBudget | null;
  readonly evaluationUsd: number | null;
  readonly committedUsd: number | null;
  readonly fits: boolean | null;
  readonly rerun: 'backtest' | 'shadow' | null;
  readonly rerunUsd: number | null;
  readonly monitorUsd: number | null;
}

/** A waiting statement is given rows as they are once it has the lock: sums that are kept in them are up to date. */
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
export async function refusal(queries: Queries, opening: CallOpening): Promise<Opened | undefined> {
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

/** Of what has no sums beside it: a run has few calls, and what is run again as many as its budget lets it have. */
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
