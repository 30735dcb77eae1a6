/** What came of runs that were made again: written once each, read in pages, and summed up. */
import type { RerunResult, RerunSide } from '../model/rerun-spec.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { RerunProgress, StoredResult } from './reruns.ts';
import { unknownRerun } from './reruns-find.ts';
import { spendingOf } from './spending.ts';
import { storable } from './storable.ts';

const PAGE = 200;
/** Reasons that are told. */
const MOST_REASONS = 20;

export async function putResults(
  database: Database,
  rerunId: string,
  results: readonly RerunResult[],
  now: Date | null,
): Promise<void> {
  // In order, so that two who write the same ones wait for each other at the first.
  const sorted = [...results].sort((one, other) => (one.runId < other.runId ? -1 : 1));
  await database.query(
    `update rerun_result as result set state = given.state, is_changed = given.is_changed, served = given.served,
       variant = given.variant, calls_reused = given.calls_reused, calls_made = given.calls_made, error = given.error,
       ended_at = ${nowSql('$10')}
     from unnest($2::text[], $3::text[], $4::boolean[], $5::json[], $6::json[], $7::int[], $8::int[], $9::json[])
       as given (run_id, state, is_changed, served, variant, calls_reused, calls_made, error)
     where result.rerun_id = $1 and result.run_id = given.run_id and result.state = 'queued'`,
    [
      rerunId,
      sorted.map(({ runId }) => runId),
      sorted.map(({ state }) => state),
      sorted.map(({ isChanged }) => isChanged),
      sorted.map(({ served }) => jsonOf(served)),
      sorted.map(({ variant }) => jsonOf(variant)),
      sorted.map(({ calls }) => calls.reused),
      sorted.map(({ calls }) => calls.made),
      sorted.map(({ error }) => jsonOf(error)),
      now,
    ],
  );
}

const jsonOf = (value: object | null): string | null =>
  value === null ? null : JSON.stringify(storable(value as unknown as Json));

interface Row extends Omit<StoredResult, 'calls' | 'served' | 'variant'> {
  readonly served: RerunSide | null;
  readonly variant: RerunSide | null;
  readonly reused: number;
  readonly made: number;
}

const COLUMNS = `result.run_id as "runId", result.state, is_changed as "isChanged", served, result.variant,
  calls_reused as reused, calls_made as made, result.error, unit`;
const FROM = 'rerun_result as result left join run using (run_id)';

const resultOf = ({ reused, made, ...row }: Row): StoredResult => ({ ...row, calls: { reused, made } });

export async function* readResults(database: Database, rerunId: string): AsyncGenerator<StoredResult> {
  for (let after = ''; ; ) {
    const page = await database.query<Row>(
      `select ${COLUMNS} from ${FROM} where rerun_id = $1 and run_id > $2 and result.state <> 'queued'
       order by run_id limit ${PAGE}`,
      [rerunId, after],
    );
    for (const row of page) yield resultOf(row);
    if (page.length < PAGE) return;
    after = page.at(-1)!.runId;
  }
}

export async function readResult(
  database: Database,
  rerunId: string,
  runId: string,
): Promise<StoredResult | undefined> {
  const [row] = await database.query<Row>(
    `select ${COLUMNS} from ${FROM} where rerun_id = $1 and run_id = $2 and result.state <> 'queued'`,
    [rerunId, runId],
  );
  return row && resultOf(row);
}

interface Sums extends Omit<RerunProgress, 'calls' | 'paidUsd' | 'unknownCalls' | 'reasons'> {
  readonly reused: number;
  readonly made: number;
}

/** @throws SluiceError `rerun_unknown` */
export async function progressOf(database: Database, rerunId: string): Promise<RerunProgress> {
  const count = (state: string) => `count(run_id) filter (where result.state = '${state}') as ${state}`;
  const [sums] = await database.query<Sums>(
    `select count(run_id) as total, ${['queued', 'done', 'failed', 'skipped'].map(count).join(', ')},
       count(run_id) filter (where is_changed) as changed, coalesce(sum(calls_reused), 0)::bigint as reused,
       coalesce(sum(calls_made), 0)::bigint as made, left_out as "leftOut"
     from rerun left join rerun_result as result using (rerun_id) where rerun_id = $1 group by rerun_id`,
    [rerunId],
  );
  if (sums === undefined) throw await unknownRerun(database, rerunId);
  const reasons = await database.query<RerunProgress['reasons'][number]>(
    `select state, error->>'code' as code, count(*) as runs from rerun_result
     where rerun_id = $1 and state in ('failed', 'skipped') group by 1, 2 order by runs desc, code limit ${MOST_REASONS}`,
    [rerunId],
  );
  const { costUsd, unknownCalls } = await spendingOf(database, rerunId);
  const { reused, made, ...counts } = sums;
  return { ...counts, calls: { reused, made }, paidUsd: costUsd, unknownCalls, reasons };
}
