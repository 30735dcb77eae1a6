/** What calls to providers have cost together: sums over their rows, by node run and for the run. */
import type { Queries } from './database.ts';

export interface Spending {
  readonly paidCalls: number;
  /** The sum of what is known; null where nothing is, since an unknown cost is not nothing. */
  readonly costUsd: number | null;
  /** Calls of unknown cost: `costUsd` is then a lower bound. */
  readonly unknownCalls: number;
  /** Calls whose usage a tokenizer estimated, because the provider gave none. */
  readonly estimatedCalls: number;
  /** As far as known. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface RunSpending extends Spending {
  /** By node run; absent where no call was made. */
  readonly byKey: ReadonlyMap<string, Spending>;
}

export const NOTHING_SPENT: Spending = Object.freeze({
  paidCalls: 0,
  costUsd: null,
  unknownCalls: 0,
  estimatedCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
});

/** Total cost: 0 without a paid call; null when one cost is unknown. */
export function costOf(spent: readonly Spending[]): number | null {
  if (spent.some(({ unknownCalls }) => unknownCalls > 0)) return null;
  return spent.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
}

/** A `Spending` of rows of `provider_call`; a row that an outer join left empty is none. */
export const SPENDING_COLUMNS = `count(call_id) as "paidCalls", sum(cost_usd)::float8 as "costUsd",
  count(call_id) filter (where cost_usd is null) as "unknownCalls",
  count(*) filter (where usage = 'estimated') as "estimatedCalls",
  coalesce(sum(input_tokens), 0)::bigint as "inputTokens", coalesce(sum(output_tokens), 0)::bigint as "outputTokens"`;

/** Twelve decimals hold a millionth of a token's price. As text, since a float would bring its own. */
export const decimal = (usd: number | null): string | null => (usd === null ? null : usd.toFixed(12));

/** What its calls to providers have cost up to now; nothing for a run that there is not. */
export async function spendingOf(database: Queries, runId: string): Promise<RunSpending> {
  const rows = await database.query<Spending & { key: string | null }>(
    `select key, ${SPENDING_COLUMNS} from provider_call where run_id = $1 group by grouping sets ((key), ())`,
    [runId],
  );
  const sums = rows.map(({ key, ...sum }) => [key, Object.freeze(sum)] as const);
  const total = sums.find(([key]) => key === null)?.[1] ?? NOTHING_SPENT;
  return { ...total, byKey: new Map(sums.flatMap(([key, sum]) => (key === null ? [] : [[key, sum]]))) };
}
