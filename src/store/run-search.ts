/** Runs by what holds of them: pages of them, how many there were when, and two values of each to draw. */
import type { Database } from './database.ts';
import { RUN_LISTED } from './run-columns.ts';
import { createParameters, fieldSql, type RunCondition, whereSql } from './run-conditions.ts';
import type { RunListed, RunState } from './runs.ts';

export interface RunSearch {
  readonly where: readonly RunCondition[];
  /** Default: the newest first. */
  readonly sort?: { readonly by: string; readonly descending: boolean };
  readonly limit: number;
  readonly offset: number;
}

/** With what lists of runs show beside: null where it is not known, or was not given. */
export interface FoundRun extends RunListed {
  readonly question: string | null;
  readonly latencyMs: number | null;
  readonly costUsd: number | null;
  readonly tokens: number | null;
  readonly thumb: number | null;
}

export interface FoundRuns {
  readonly runs: readonly FoundRun[];
  readonly total: number;
}

export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly state: RunState;
  readonly n: number;
}

export interface RunPoint {
  readonly runId: string;
  readonly state: RunState;
  readonly x: number;
  readonly y: number;
}

export interface RunPoints {
  readonly points: readonly RunPoint[];
  /** Of those that match, how many have both values, and how many there are. */
  readonly both: number;
  readonly total: number;
}

export interface RunSearches {
  /** @throws SluiceError `filter_invalid` */
  search(search: RunSearch): Promise<FoundRuns>;
  /** At most `bins` bins of equal length from the first match to the last. @throws SluiceError `filter_invalid` */
  histogram(where: readonly RunCondition[], bins: number): Promise<readonly HistogramBin[]>;
  /** At most `limit` of them, by hash: asking again gives the same. @throws SluiceError `filter_invalid` */
  points(
    where: readonly RunCondition[],
    axes: { readonly x: string; readonly y: string },
    limit: number,
  ): Promise<RunPoints>;
}

const QUESTION_LENGTH = 160;
/** Of the input, the field `question` or `text`, or all of it. */
const QUESTION = `left(coalesce(run.input->>'question', run.input->>'text', run.input::text), ${QUESTION_LENGTH})`;

export function createRunSearch(database: Database): RunSearches {
  return Object.freeze({
    search: (search) => searchRuns(database, search),
    histogram: (where, bins) => histogram(database, where, bins),
    points: (where, axes, limit) => points(database, where, axes, limit),
  } satisfies RunSearches);
}

async function searchRuns(database: Database, { where, sort, limit, offset }: RunSearch): Promise<FoundRuns> {
  const parameters = createParameters();
  const condition = whereSql(where, parameters);
  const order = sort === undefined ? 'run.started_at' : fieldSql(sort.by, parameters).sql;
  const direction = sort?.descending === false ? 'asc' : 'desc';
  const column = (name: string) => `${fieldSql(name, parameters).sql} as "${name}"`;
  const shown = ['latencyMs', 'costUsd', 'tokens', 'thumb'].map(column).join(', ');
  const [limitAt, offsetAt] = [parameters.add(limit), parameters.add(offset)];
  // Found first, then looked at closely: sums over calls are made for the page alone.
  const runs = await database.query<FoundRun>(
    `with found as materialized (
       select run_id, row_number() over (order by ${order} ${direction} nulls last, run.started_at desc, run_id) as place
       from run where ${condition} order by place limit ${limitAt} offset ${offsetAt}
     )
     select ${RUN_LISTED}, ${QUESTION} as question, ${shown}
     from found join run using (run_id) order by place`,
    parameters.values,
  );
  const counted = createParameters();
  const [count] = await database.query<{ total: number }>(
    `select count(*)::int as total from run where ${whereSql(where, counted)}`,
    counted.values,
  );
  return { runs, total: count!.total };
}

async function histogram(
  database: Database,
  where: readonly RunCondition[],
  bins: number,
): Promise<readonly HistogramBin[]> {
  const parameters = createParameters();
  const condition = whereSql(where, parameters);
  const binsAt = parameters.add(bins);
  return database.query<HistogramBin>(
    `with found as (
       select started_at, state from run where ${condition}
     ), ends as (
       select extract(epoch from min(started_at)) * 1000 as first,
         greatest(extract(epoch from max(started_at) - min(started_at)) * 1000 / ${binsAt}::int, 1) as width from found
     ), placed as (
       select least(floor((extract(epoch from started_at) * 1000 - first) / width), ${binsAt}::int - 1) as bin,
         state, first, width from found, ends
     )
     select (first + bin * width)::float8 as "from", (first + (bin + 1) * width)::float8 as "to", state, count(*)::int as n
     from placed group by bin, state, first, width order by bin, state`,
    parameters.values,
  );
}

async function points(
  database: Database,
  where: readonly RunCondition[],
  axes: { readonly x: string; readonly y: string },
  limit: number,
): Promise<RunPoints> {
  const parameters = createParameters();
  const condition = whereSql(where, parameters);
  const [x, y] = [fieldSql(axes.x, parameters), fieldSql(axes.y, parameters)].map(({ sql, type }) =>
    type === 'time' ? `(extract(epoch from ${sql}) * 1000)::float8` : sql,
  );
  const limitAt = parameters.add(limit);
  const rows = await database.query<RunPoint & { n: number; total: number }>(
    `with found as materialized (select run.run_id, run.state, ${x} as x, ${y} as y from run where ${condition}),
       counts as (select count(*)::int as total, count(*) filter (where x is not null and y is not null)::int as n from found)
     select run_id as "runId", state, x, y, n, total from counts left join lateral (
       select * from found where x is not null and y is not null order by hashtext(run_id) limit ${limitAt}
     ) as sample on true`,
    parameters.values,
  );
  const { n: both = 0, total = 0 } = rows[0] ?? {};
  const drawn = rows.filter(({ runId }) => runId !== null);
  return { points: drawn.map(({ runId, state, x, y }) => ({ runId, state, x, y })), both, total };
}
