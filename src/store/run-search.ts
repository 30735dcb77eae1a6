/** Runs by what holds of them: pages of them, how many there were when, and two values of each to draw. */
import type { RunCondition, RunSort } from '../model/run-fields.ts';
import type { Database } from './database.ts';
import { RUN_LISTED } from './run-columns.ts';
import { createParameters, fieldSql, whereSql } from './run-conditions.ts';
import type { RunListed, RunState } from './runs.ts';

export interface RunSearch {
  readonly where: readonly RunCondition[];
  /** Default: the newest first. */
  readonly sort?: RunSort;
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
  /** Those that have both values. */
  readonly points: readonly RunPoint[];
  /** How many were drawn of those that match. */
  readonly drawn: number;
}

export interface RunSearches {
  /** @throws SluiceError `filter_invalid` */
  search(search: RunSearch): Promise<FoundRuns>;
  /** At most `bins` bins of equal length from the first match to the last. @throws SluiceError `filter_invalid` */
  histogram(where: readonly RunCondition[], bins: number): Promise<readonly HistogramBin[]>;
  /** Of at most `limit` of them, drawn by hash: asking again draws the same. @throws SluiceError `filter_invalid` */
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
  const order =
    sort === undefined ? NEWEST : `${sorted(fieldSql(sort.by, parameters).sql, sort.descending)}, ${NEWEST}`;
  const column = (name: string) => `${fieldSql(name, parameters).sql} as "${name}"`;
  const shown = ['latencyMs', 'costUsd', 'tokens', 'thumb'].map(column).join(', ');
  const [limitAt, offsetAt] = [parameters.add(limit), parameters.add(offset)];
  // Found first, then looked at closely: sums over calls are made for the page alone.
  const runs = await database.query<FoundRun>(
    `with page as materialized (
       select run_id from run where ${condition} order by ${order} limit ${limitAt} offset ${offsetAt}
     ), found as (
       select run_id, row_number() over () as place from page
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

/** As its index has it. */
const NEWEST = 'run.started_at desc, run.run_id desc';
/** What is not known comes last, whichever way. */
const sorted = (sql: string, descending: boolean): string => `${sql} ${descending ? 'desc' : 'asc'} nulls last`;

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
  // Drawn first: what a run has cost, and what was said of it, is looked up for those alone.
  const rows = await database.query<{ runId: string; state: RunState; x: number | null; y: number | null }>(
    `with drawn as materialized (
       select run_id from run where ${condition} order by hashtext(run_id), run_id limit ${limitAt}
     )
     select run_id as "runId", state, ${x} as x, ${y} as y from drawn join run using (run_id)`,
    parameters.values,
  );
  const both = rows.filter((row): row is RunPoint => row.x !== null && row.y !== null);
  return { points: both, drawn: rows.length };
}
