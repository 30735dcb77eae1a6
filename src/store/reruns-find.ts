/** Finding backtests and shadows by their id or the beginning of it. */
import { SluiceError } from '../errors.ts';
import type { RerunKind } from '../experiment/rerun/rerun-spec.ts';
import { suggest } from '../nearest.ts';
import type { Queries } from './database.ts';
import type { RerunRow } from './reruns.ts';

/** The columns under the names that `RerunRow` gives them. */
export const RERUN_COLUMNS = `rerun_id as "rerunId", kind, pipeline, variant, spec, share, state, error,
  budget_usd::float8 as "budgetUsd", started_by as "startedBy", started_at as "startedAt", ended_at as "endedAt"`;

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 1_000;
/** How many of the newest a wrong id is compared with. */
const COMPARED = 500;
/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export async function findRerun(queries: Queries, idOrPrefix: string): Promise<RerunRow> {
  const rows = await queries.query<RerunRow>(
    `select ${RERUN_COLUMNS} from rerun where rerun_id = $1 or (rerun_id > $1 and rerun_id < $2)
     order by rerun_id limit ${SHOWN + 1}`,
    [idOrPrefix, idOrPrefix + LAST_CHARACTER],
  );
  const [first, second] = rows;
  if (first === undefined || idOrPrefix === '') throw await unknownRerun(queries, idOrPrefix);
  if (second === undefined || first.rerunId === idOrPrefix) return first;
  const ids = rows.slice(0, SHOWN).map(({ rerunId }) => rerunId);
  throw new SluiceError('rerun_ambiguous', {
    message: `several backtests or shadows begin with '${idOrPrefix}'`,
    remedy: `give more of the id: ${ids.join(', ')}${rows.length > SHOWN ? ', and more' : ''}`,
    data: { prefix: idOrPrefix, rerunIds: ids },
  });
}

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
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw new SluiceError('limit_invalid', {
      message: `a list of ${limit} backtests or shadows was asked for`,
      remedy: `ask for 1 to ${LARGEST_PAGE.toLocaleString('en')}`,
    });
  return queries.query<RerunRow>(
    `select ${RERUN_COLUMNS} from rerun
     where ($1::text is null or kind = $1) and ($2::text is null or pipeline = $2) and (not $3 or state = 'running')
     order by started_at desc, rerun_id desc limit $4`,
    [kind ?? null, pipeline ?? null, live, limit],
  );
}

export async function unknownRerun(queries: Queries, rerunId: string): Promise<SluiceError> {
  const newest = await queries.query<{ id: string }>(
    `select rerun_id as id from rerun order by started_at desc, rerun_id desc limit ${COMPARED}`,
  );
  return new SluiceError('rerun_unknown', {
    message: `there is no backtest or shadow '${rerunId}'`,
    remedy: suggest(
      rerunId,
      newest.map(({ id }) => id),
      'none was made yet; make one: sluice backtest PIPELINE --variant NAME',
    ),
    data: { rerunId },
  });
}
