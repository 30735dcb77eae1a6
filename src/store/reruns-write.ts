/** A backtest's or a shadow's own row, and the runs that it begins with. */
import { SluiceError } from '../base/errors.ts';
import type { RerunError, RerunState } from '../model/rerun-spec.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { NewRerun, RerunRow, RunSelection } from './reruns.ts';
import { RERUN_COLUMNS } from './reruns-find.ts';
import { decimal } from './spending.ts';
import { storable } from './storable.ts';

/** Runs of one backtest. */
const MOST_RUNS = 10_000;
/** Far above what anybody spends, and far below what the column holds. */
const LARGEST_BUDGET_USD = 1_000_000_000;

/** @throws SluiceError `limit_invalid` */
export async function selectRuns(
  database: Database,
  { pipeline, limit, since, thumb }: RunSelection,
): Promise<readonly string[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_RUNS)
    throw new SluiceError('limit_invalid', {
      message: `${limit} runs were asked for`,
      remedy: `ask for 1 to ${MOST_RUNS.toLocaleString('en')}: --last N`,
    });
  const rows = await database.query<{ runId: string }>(
    `select run_id as "runId" from run
     where pipeline = $1 and content_removed_at is null and state in ('completed', 'degraded', 'failed')
       and ($2::timestamptz is null or started_at >= $2)
       and ($3::int is null or exists (select from feedback where feedback.run_id = run.run_id and thumb = $3))
     order by started_at desc, run_id desc limit $4`,
    [pipeline, since === undefined ? null : new Date(since), thumb ?? null, limit],
  );
  return rows.map(({ runId }) => runId);
}

/** @throws SluiceError `budget_invalid`, `limit_invalid` */
export async function createRerun(database: Database, rerun: NewRerun, now: Date | null): Promise<RerunRow> {
  const { rerunId, spec, share, budgetUsd, startedBy, runIds } = rerun;
  checkBudget(budgetUsd);
  if (runIds.length > MOST_RUNS)
    throw new SluiceError('limit_invalid', {
      message: `${runIds.length} runs were named`,
      remedy: `name at most ${MOST_RUNS.toLocaleString('en')}`,
    });
  await database.query(
    `with made as (
       insert into rerun (rerun_id, kind, pipeline, variant, spec, share, state, budget_usd, started_by, started_at)
       values ($1, $2, $3, $4, $5, $6, 'running', $7, $8, ${nowSql('$9')}) on conflict do nothing returning rerun_id
     )
     insert into rerun_result (rerun_id, run_id, run_no, state)
     select made.rerun_id, id, no, 'queued' from made, unnest($10::text[]) with ordinality as named (id, no)
     on conflict do nothing`,
    [
      ...[rerunId, spec.kind, spec.pipeline, spec.variant, JSON.stringify(spec), share, decimal(budgetUsd), startedBy],
      ...[now, [...new Set(runIds)]],
    ],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [row] = await database.query<RerunRow>(`select ${RERUN_COLUMNS} from rerun where rerun_id = $1`, [rerunId]);
  return row!;
}

interface Ending {
  readonly rerunId: string;
  readonly state: RerunState;
  readonly error: RerunError | null;
  readonly now: Date | null;
}

export async function endRerun(database: Database, { rerunId, state, error, now }: Ending): Promise<boolean> {
  const [row] = await database.query<{ state: RerunState }>(
    `with ended as (
       update rerun set state = $2, error = $3, ended_at = ${nowSql('$4')}
       where rerun_id = $1 and state = 'running' returning state
     )
     select state from ended`,
    [rerunId, state, error && JSON.stringify(storable({ ...error })), now],
  );
  return row !== undefined;
}

function checkBudget(usd: number | null): void {
  if (usd === null || (usd >= 0 && usd <= LARGEST_BUDGET_USD)) return;
  throw new SluiceError('budget_invalid', {
    message: `what is run again cannot have a budget of ${usd} dollars`,
    remedy: `give 0 to ${LARGEST_BUDGET_USD.toLocaleString('en')} dollars, or none: --limit-usd N`,
  });
}
