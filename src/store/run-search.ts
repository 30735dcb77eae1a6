/** Runs by what holds of them: pages of them, how many there were when, and two values of each to draw. */

import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import {
  FITTING,
  type FieldType,
  MONITORED,
  RUN_FIELDS,
  type RunCondition,
  type RunFieldName,
  type RunSort,
  typeOfField,
} from '../model/run-fields.ts';
import { bound, type TimedDatabase } from './bound.ts';
import type { Database } from './database.ts';
import { RUN_LISTED, type RunListed, type RunState } from './runs.ts';

export interface RunSearch {
  readonly where: readonly RunCondition[];
  /** Default: the newest first. */
  readonly sort?: RunSort;
  readonly limit: number;
  readonly offset: number;
}

/** With the columns of run lists; null: unknown or not given. */
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

const QUESTION_LENGTH = 160;
/** Of the input, the field `question` or `text`, or all of it. */
const QUESTION = `left(coalesce(run.input->>'question', run.input->>'text', run.input::text), ${QUESTION_LENGTH})`;

export const createRunSearch = (database: TimedDatabase) =>
  bound(database, {
    search: searchRuns,
    histogram,
    points,
  });
export type RunSearches = ReturnType<typeof createRunSearch>;

/** @throws SluiceError `filter_invalid` */
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

/** At most `bins` bins of equal length from the first match to the last. @throws SluiceError `filter_invalid` */
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

/** Of at most `limit` of them, drawn by hash: asking again draws the same. @throws SluiceError `filter_invalid` */
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
  // Drawn first: cost and feedback are looked up for these runs only.
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

/** Collects parameters, and gives the place of each. */
export interface Parameters {
  readonly values: unknown[];
  add(value: unknown): string;
}

function createParameters(): Parameters {
  const values: unknown[] = [];
  return { values, add: (value) => `$${values.push(value)}` };
}

/** SQL of a field; its parameters are added. @throws SluiceError `filter_invalid` */
function fieldSql(name: string, parameters: Parameters): { readonly type: FieldType; readonly sql: string } {
  const field = runField(name);
  if (field === undefined) throw invalid(`runs have no field '${name}'`, suggest(name, RUN_FIELDS, 'see the fields'));
  const params = [...(field.params ?? [])];
  return { type: field.type, sql: field.sql.replaceAll('?', () => `${parameters.add(params.shift())}::text`) };
}

/** What holds of a run for all conditions; `true` without any. @throws SluiceError `filter_invalid` */
export const whereSql = (conditions: readonly RunCondition[], parameters: Parameters): string =>
  conditions.map((condition) => `(${conditionSql(condition, parameters)})`).join(' and ') || 'true';

function conditionSql({ field, op, value }: RunCondition, parameters: Parameters): string {
  const { type, sql } = fieldSql(field, parameters);
  if (!FITTING[type].includes(op))
    throw invalid(`'${op}' does not fit ${field}`, `use one of ${FITTING[type].join(', ')}`);
  switch (op) {
    case 'is empty':
      return `${sql} is null`;
    case 'is not empty':
      return `${sql} is not null`;
    case 'contains':
      return `${sql} ilike ${parameters.add(`%${escapeLike(asText(field, value))}%`)}`;
    case 'in':
      return `${sql} = any(${parameters.add(asList(field, type, value))}::${type === 'text' ? 'text' : 'float8'}[])`;
    case 'after':
    case 'before':
      return `${sql} ${op === 'after' ? '>' : '<'} ${parameters.add(asTime(field, value))}::timestamptz`;
    default: {
      const given =
        type === 'text'
          ? `${parameters.add(asText(field, value))}::text`
          : `${parameters.add(asNumber(field, value))}::float8`;
      // A value that is not there is not another one: it is in neither of both.
      return `${sql} ${SQL_OPERATOR[op] ?? op} ${given}`;
    }
  }
}

const SQL_OPERATOR: { readonly [op: string]: string } = { equals: '=', is: '=', '!=': '<>' };

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');

function asText(field: string, value: RunCondition['value']): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw invalid(`${field} is compared with ${JSON.stringify(value)}`, 'give a text');
}

const LATEST = 8_640_000_000_000_000;

function asNumber(field: string, value: RunCondition['value']): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && Math.abs(number) <= LATEST) return number;
  throw invalid(`${field} is compared with ${JSON.stringify(value)}`, 'give a number');
}

/** PostgreSQL reads no dates as the driver writes those of other years. */
const TIMES = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')] as const;

function asTime(field: string, value: RunCondition['value']): Date {
  const at = asNumber(field, value);
  if (at >= TIMES[0] && at <= TIMES[1]) return new Date(at);
  throw invalid(
    `${field} is compared with ${JSON.stringify(value)}`,
    'give a time in the years 1 to 9999, in milliseconds since 1970',
  );
}

function asList(field: string, type: FieldType, value: RunCondition['value']): readonly (string | number)[] {
  const list = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value;
  if (!Array.isArray(list) || list.length === 0) throw invalid(`${field} is in no list`, 'give a list of values');
  return list.map((each: string | number) => (type === 'text' ? asText(field, String(each)) : asNumber(field, each)));
}

function invalid(message: string, remedy: string): SluiceError {
  return new SluiceError('filter_invalid', { message, remedy });
}

export interface RunField {
  readonly type: FieldType;
  /** An expression over `run`. `$n` parameters that it needs are in `params`, in order, written as `?`. */
  readonly sql: string;
  readonly params?: readonly string[];
}

const ofCalls = (sum: string): string =>
  `(select ${sum} from provider_call c where c.run_id = run.run_id and c.${sum.includes('cost') ? 'cost_usd' : 'input_tokens'} is not null)`;
const ofFeedback = (value: string): string => `(select ${value} from feedback f where f.run_id = run.run_id)`;

const SQL: { readonly [Name in RunFieldName]: string } = {
  run: 'run.run_id',
  pipeline: 'run.pipeline',
  variant: 'run.variant',
  state: 'run.state',
  plan: 'run.plan_id',
  unit: 'run.unit',
  arms: "nullif(run.arms::text, '{}')",
  input: 'run.input::text',
  output: "nullif(run.output::text, 'null')",
  error: "run.error->>'code'",
  started: 'run.started_at',
  latencyMs: '(1000 * extract(epoch from run.finished_at - run.started_at))::float8',
  costUsd: ofCalls('sum(cost_usd)::float8'),
  tokens: ofCalls('sum(input_tokens + coalesce(output_tokens, 0))::float8'),
  thumb: ofFeedback('avg(f.thumb)::float8'),
  score: ofFeedback('avg(f.score)'),
  note: ofFeedback("string_agg(f.note, ' ')"),
};

/** Undefined where there is no such field. */
function runField(name: string): RunField | undefined {
  const type = typeOfField(name);
  if (type === undefined) return undefined;
  if (Object.hasOwn(SQL, name)) return { type, sql: SQL[name as RunFieldName] };
  const [, monitor, field] = MONITORED.exec(name)!;
  return {
    type,
    sql: `(select case s.scores->>? when 'true' then 1 when 'false' then 0 else (s.scores->>?)::float8 end
      from monitor_score s join monitor m using (monitor_id)
      where s.run_id = run.run_id and m.name = ? and s.state = 'done' order by m.version desc limit 1)`,
    params: [field!, field!, monitor!],
  };
}
