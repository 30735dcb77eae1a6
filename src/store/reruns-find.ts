/** Finding backtests and shadows by their id or the beginning of it. */
import type { SluiceError } from '../base/errors.ts';
import type { RerunKind } from '../model/rerun-spec.ts';
import type { Queries } from './database.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought, unknownId } from './find-by-id.ts';
import type { RerunRow } from './reruns.ts';

/** The columns under the names that `RerunRow` gives them. */
export const RERUN_COLUMNS = `rerun_id as "rerunId", kind, pipeline, variant, spec, share, state, error,
  budget_usd::float8 as "budgetUsd", started_by as "startedBy", started_at as "startedAt", ended_at as "endedAt"`;

const RERUN: Sought = {
  ...{ table: 'rerun', columns: RERUN_COLUMNS, idColumn: 'rerun_id', idName: 'rerunId', newestBy: 'started_at' },
  ...{ kind: 'rerun', words: ['backtest or shadow', 'backtests or shadows'] },
  whenNone: 'none was made yet; make one: sluice backtest PIPELINE --variant NAME',
};

export const findRerun = (queries: Queries, idOrPrefix: string): Promise<RerunRow> =>
  findById(queries, RERUN, idOrPrefix);

export interface RerunFilter {
  readonly kind?: RerunKind;
  readonly pipeline?: string;
  readonly live?: boolean;
  /** 1 to 1,000; default 20. */
  readonly limit?: number;
}

export async function listReruns(
  queries: Queries,
  { kind, pipeline, live = false, limit = DEFAULT_PAGE }: RerunFilter,
): Promise<readonly RerunRow[]> {
  checkPage(limit, RERUN);
  return queries.query<RerunRow>(
    `select ${RERUN_COLUMNS} from rerun
     where ($1::text is null or kind = $1) and ($2::text is null or pipeline = $2) and (not $3 or state = 'running')
     order by started_at desc, rerun_id desc limit $4`,
    [kind ?? null, pipeline ?? null, live, limit],
  );
}

export const unknownRerun = (queries: Queries, rerunId: string): Promise<SluiceError> =>
  unknownId(queries, RERUN, rerunId);
