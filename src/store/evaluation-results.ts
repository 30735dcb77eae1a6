/** What an evaluation has found: read in pages, with how far it has come; and written, over and over where a chunk is repeated. */

import { SluiceError } from '../base/errors.ts';
import type { Cell, EvaluationProgress, ResultRow, RunFacts } from '../model/evaluation-result.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import { createPayloads, type Payloads, restoreClaims } from './claims.ts';
import { batches, type Database, type Queries } from './database.ts';
import { unknownEvaluation } from './evaluation-rows.ts';
import type { ResultFilter } from './evaluations.ts';
import { decimal } from './spending.ts';
import { storable } from './storable.ts';

/** Of one page: whichever is met first. Bytes as they are stored, most often compressed. */
const PAGE = { rows: 1_000, scores: 2_000, bytes: 8_000_000 };

const WIDE = ['error', 'run', 'cells', 'output', 'calls'];
const SCORES = ['error', 'run', 'cells'];

/** Of these examples the rows that are there, by example, variant and repeat. */
export function resultsOf(
  database: Database,
  evaluationId: string,
  exampleIds: readonly string[],
): Promise<readonly ResultRow[]> {
  return Array.fromAsync(readResults(database, evaluationId, { exampleIds }));
}

/** All rows by example, variant and repeat, page by page. */
export async function* readResults(
  database: Database,
  evaluationId: string,
  filter: ResultFilter = {},
): AsyncGenerator<ResultRow> {
  const payloads = createPayloads(database);
  let coming = readPage(database, evaluationId, filter, BEFORE_ALL);
  for (;;) {
    const page = await coming;
    if (page.length === 0) return;
    // Read while this one is gone through; who reads no further does not hear of it.
    coming = readPage(database, evaluationId, filter, page.at(-1)!);
    coming.catch(() => undefined);
    if (filter.scoresOnly) yield* page;
    // One by one: what is stored aside is large.
    else for (const row of page) yield { ...row, output: await wholeOutput(payloads, row.output) };
  }
}

/** In place of what is most of a row. */
const NOT_READ = Object.freeze({ output: null, calls: [] });

/** What an output has stored aside is put back in; without it, which no later try would bring, the stub says what it was. */
async function wholeOutput(payloads: Payloads, output: ResultRow['output']): Promise<ResultRow['output']> {
  try {
    return await restoreClaims(payloads, output);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'payload_missing') return output;
    throw error;
  }
}

const BEFORE_ALL = { exampleId: '', variant: -1, repeat: -1 };

type Place = Pick<ResultRow, 'exampleId' | 'variant' | 'repeat'>;

/** The next rows: none only where there is none. How much they hold is looked at before it is read. */
function readPage(
  database: Database,
  evaluationId: string,
  filter: ResultFilter,
  after: Place,
): Promise<readonly ResultRow[]> {
  const { variant, exampleIds, scoresOnly = false } = filter;
  const given = [evaluationId, after.exampleId, after.variant, after.repeat, variant ?? null, exampleIds ?? null];
  return scoresOnly ? readScores(database, given) : database.query<ResultRow>(WHOLE, given);
}

const KEY_COLUMNS = 'example_id, variant, repeat';

/** SQL: the next rows, up to the first that begins beyond what a page may hold. */
function pageOf(columns: readonly string[], rows: number): string {
  const size = columns.map((column) => `coalesce(pg_column_size(${column}), 0)`).join(' + ');
  return `(
    select *, coalesce(sum(${size}) over (order by ${KEY_COLUMNS} rows between unbounded preceding and 1 preceding), 0) as before
    from (
      select ${KEY_COLUMNS}, outcome, ${columns.join(', ')} from evaluation_result
      where evaluation_id = $1 and (${KEY_COLUMNS}) > ($2, $3::smallint, $4::smallint)
        and ($5::smallint is null or variant = $5) and ($6::text[] is null or example_id = any($6))
      order by evaluation_id, ${KEY_COLUMNS} limit ${rows}
    ) as next
  ) as measured
  where before < ${PAGE.bytes}`;
}

const WHOLE = `select example_id as "exampleId", variant, repeat, outcome, ${WIDE.join(', ')} from ${pageOf(WIDE, PAGE.rows)}
  order by ${KEY_COLUMNS}`;

/** As one text: a comparison reads rows by the ten thousand, and to take them apart one by one is most of its work. */
const AS_TEXT = `select '[' || string_agg(
    '[' || concat_ws(',', to_json(example_id), variant, repeat, to_json(outcome), coalesce(error, 'null'), run, cells) || ']',
    ',' order by ${KEY_COLUMNS}
  ) || ']' as rows from ${pageOf(SCORES, PAGE.scores)}`;

type Scores = readonly [string, number, number, ResultRow['outcome'], ResultRow['error'], RunFacts, ResultRow['cells']];

async function readScores(database: Database, given: readonly unknown[]): Promise<readonly ResultRow[]> {
  const [page] = await database.query<{ rows: string | null }>(AS_TEXT, given);
  if (page?.rows == null) return [];
  return (JSON.parse(page.rows) as readonly Scores[]).map(
    ([exampleId, variant, repeat, outcome, error, run, cells]) => {
      return { exampleId, variant, repeat, outcome, error, run, cells, ...NOT_READ };
    },
  );
}

interface Sums extends EvaluationProgress, Record<'cellsDone' | 'cellsFailed' | 'cellsMissing', number> {
  readonly callsMade: number;
  readonly callsShared: number;
}

/** Made to be asked several times a second, however many rows there are. @throws SluiceError `evaluation_unknown` */
export async function readProgress(database: Database, evaluationId: string): Promise<EvaluationProgress> {
  const [sums] = await database.query<Sums>(
    `select total, results as done, resumable, cells_done as "cellsDone", cells_failed as "cellsFailed",
       cells_missing as "cellsMissing", calls_made as "callsMade", calls_shared as "callsShared",
       case when calls > unknown_calls then paid_usd::float8 end as "paidUsd", unknown_calls as "unknownCalls",
       case when cost_usd > 0 then greatest(cost_usd - paid_usd, 0)::float8 end as "savedUsd"
     from evaluation_tally join evaluation_spending using (evaluation_id) where evaluation_id = $1`,
    [evaluationId],
  );
  if (sums === undefined) throw await unknownEvaluation(database, evaluationId);
  const { cellsDone, cellsFailed, cellsMissing, callsMade, callsShared, ...rest } = sums;
  return {
    ...rest,
    cells: { done: cellsDone, failed: cellsFailed, missing: cellsMissing },
    calls: { made: callsMade, shared: callsShared },
  };
}

/**
 * A fingerprint of all evaluations, or of these. It changes when one begins, changes state or gets other rows. It reads
 * one row of sums per evaluation.
 */
export async function fingerprintOf(database: Database, evaluationIds?: readonly string[]): Promise<string> {
  const [all] = await database.query<{ print: string }>(
    `select md5(coalesce(string_agg(row (evaluation_id, state, finished_at, tally)::text, ' ' order by evaluation_id), ''))
       as print
     from evaluation join evaluation_tally as tally using (evaluation_id)
     where $1::text[] is null or evaluation_id = any($1)`,
    [evaluationIds ?? null],
  );
  return all!.print;
}

/** Whether a cell is missing that another try may fill. @throws SluiceError `evaluation_unknown` */
export async function hasResumable(database: Database, evaluationId: string): Promise<boolean> {
  const [sums] = await database.query<{ has: boolean }>(
    'select resumable > 0 as has from evaluation_tally where evaluation_id = $1',
    [evaluationId],
  );
  if (sums === undefined) throw await unknownEvaluation(database, evaluationId);
  return sums.has;
}

// Writes the results of an evaluation. A repeated chunk writes its rows again, so sums grow by the difference; the
// writer locks the sums first. Rows never get worse: a settled row stays, and an unsettled row is replaced only by one
// that loses nothing. So a late write of a chunk presumed dead, or a resume during an outage, does no harm.

/** Of one statement. */
const BATCH = { rows: 500, bytes: 4_000_000 };

/** The sums stored per evaluation. */
const SUMMED = ['cells_done', 'cells_failed', 'cells_missing', 'calls_made', 'calls_shared', 'cost_usd'];

const TYPES = {
  example_id: 'text',
  variant: 'smallint',
  repeat: 'smallint',
  outcome: 'text',
  error: 'json',
  output: 'json',
  run: 'json',
  cells: 'json',
  calls: 'json',
  cells_done: 'smallint',
  cells_failed: 'smallint',
  cells_missing: 'smallint',
  is_resumable: 'boolean',
  calls_made: 'int',
  calls_shared: 'int',
  cost_usd: 'numeric',
};
type Column = keyof typeof TYPES;
const COLUMNS = Object.keys(TYPES) as Column[];
/** Texts are made JSON in the select list: as an array of JSON they would have to be escaped twice. */
const PARAMS = COLUMNS.map((column, place) => `$${place + 2}::${TYPES[column] === 'json' ? 'text' : TYPES[column]}[]`);
const VALUES = COLUMNS.map((column) => (TYPES[column] === 'json' ? `${column}::json` : column));
const KEY = ['example_id', 'variant', 'repeat'];
const REPLACED = COLUMNS.filter((column) => !KEY.includes(column)).map((column) => `${column} = excluded.${column}`);

const sums = (of: string): string =>
  `count(*) as results, count(*) filter (where ${of}.is_resumable) as resumable,
   ${SUMMED.map((column) => `coalesce(sum(${of}.${column}), 0) as ${column}`).join(', ')}`;

/** Whether a scorer that has spoken in the row that is there would have no word in the one that comes. */
const LOSES = `exists (
  select from json_each(was.cells) as known (scorer, cell)
  where cell->>'state' <> 'missing' and coalesce(excluded.cells->scorer->>'state', 'missing') = 'missing'
)`;

/** The parameter after those of the columns. */
const NOW = `$${COLUMNS.length + 2}`;

/**
 * What was there is looked up row by row: where the database has no statistics yet, a join would read all of them. All
 * parts of the statement see the rows as they were before it.
 */
const PUT = `
  with given as materialized (
    select * from unnest(${PARAMS.join(', ')}) as given (${COLUMNS.join(', ')})
  ),
  put as (
    insert into evaluation_result as was (evaluation_id, ${COLUMNS.join(', ')})
    select $1, ${VALUES.join(', ')} from given
    on conflict (evaluation_id, ${KEY.join(', ')}) do update set ${REPLACED.join(', ')}
    where was.is_resumable and not ${LOSES}
    returning ${[...KEY, 'is_resumable', ...SUMMED].join(', ')}
  ),
  coming as (select ${sums('put')} from put),
  going as (
    select ${sums('known')} from put cross join lateral (
      select * from evaluation_result as row
      where row.evaluation_id = $1 and (row.example_id, row.variant, row.repeat) = (put.example_id, put.variant, put.repeat)
      limit 1
    ) as known
  )
  update evaluation_tally as tally set ${['results', 'resumable', ...SUMMED]
    .map((column) => `${column} = tally.${column} + coming.${column} - going.${column}`)
    .join(', ')}, progressed_at = case when coming.results > 0 then ${nowSql(NOW)} else progressed_at end
  from coming, going where tally.evaluation_id = $1`;

/**
 * All of them or none. A row of the same example, variant and repeat that is there gives way only where it has a cell
 * that another try may fill, and where no scorer that has spoken in it would fall silent. What no text column can hold
 * (NUL, halves of surrogate pairs) is replaced.
 *
 * @throws SluiceError `score_not_finite`, naming scorer, field and example; `evaluation_unknown`
 */
export async function putResults(
  database: TimedDatabase,
  evaluationId: string,
  rows: readonly ResultRow[],
): Promise<void> {
  const now = database.now();
  const latest = new Map(rows.map((row) => [JSON.stringify([row.exampleId, row.variant, row.repeat]), row]));
  const columns = [...latest.values()].map(columnsOf);
  const statements = [...batches(columns, BATCH, sizeOf)].map((batch) =>
    COLUMNS.map((column) => batch.map((row) => row[column])),
  );
  await database.transaction(async (queries) => {
    await lockTally(queries, evaluationId);
    for (const arrays of statements) await queries.query(PUT, [evaluationId, ...arrays, now]);
  });
}

async function lockTally(queries: Queries, evaluationId: string): Promise<void> {
  const known = await queries.query('select total from evaluation_tally where evaluation_id = $1 for update', [
    evaluationId,
  ]);
  if (known.length === 0) throw await unknownEvaluation(queries, evaluationId);
}

function columnsOf(row: ResultRow): { readonly [column in Column]: unknown } {
  checkNumbers(row);
  const cells = Object.values(row.cells);
  const countOf = (state: Cell['state']) => cells.filter((cell) => cell.state === state).length;
  const made = row.calls.filter(({ source }) => source === 'made').length;
  return {
    example_id: row.exampleId,
    variant: row.variant,
    repeat: row.repeat,
    outcome: row.outcome,
    error: row.error && jsonOf(row.error),
    output: jsonOf(row.output),
    run: JSON.stringify(row.run),
    cells: jsonOf(row.cells),
    calls: jsonOf(row.calls),
    cells_done: countOf('done'),
    cells_failed: countOf('failed'),
    cells_missing: countOf('missing'),
    is_resumable: cells.some((cell) => cell.state === 'missing' && cell.resumable),
    calls_made: made,
    calls_shared: row.calls.length - made,
    cost_usd: decimal(row.run.costUsd),
  };
}

const jsonOf = (value: unknown): string => JSON.stringify(storable(value as Json));

const sizeOf = (columns: { readonly [column: string]: unknown }): number =>
  Object.values(columns).reduce<number>((size, value) => size + (typeof value === 'string' ? value.length : 8), 0);

/** JSON makes null of NaN, and null is a number that is not known: what is wrong must not become that. */
function checkNumbers({ exampleId, variant, repeat, run, cells }: ResultRow): void {
  const refuse = (scorer: string, field: string, value: unknown) => {
    const what = scorer === 'run' ? `the run's ${field}` : `'${scorer}' gave a ${field} that`;
    throw new SluiceError('score_not_finite', {
      message: `${what} is ${String(value)} for example '${exampleId}' (variant ${variant}, repeat ${repeat})`,
      remedy: `let it be a finite number, or let '${scorer}' fail where there is none: what is missing is no score`,
      data: { scorer, field, exampleId, variant, repeat },
    });
  };
  for (const [scorer, cell] of Object.entries(cells))
    if (cell.state === 'done')
      for (const [field, value] of Object.entries(cell.score))
        if (!Number.isFinite(value)) refuse(scorer, field, value);
  for (const [field, value] of Object.entries(run))
    if (typeof value === 'number' && !Number.isFinite(value)) refuse('run', field, value);
}
