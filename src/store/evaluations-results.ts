/**
 * Writing what an evaluation has found. A chunk that is repeated writes its rows again, so the sums beside them grow by
 * what is new, less what was there: whoever writes has locked the sums, and so knows what was there. Rows never get worse:
 * one that is settled stays, and one that is not gives way only to a row in which nothing is lost. So a chunk that was
 * taken for dead and writes late, or a resume while a provider is away, does no harm.
 */
import { SluiceError } from '../base/errors.ts';
import type { Cell, ResultRow } from '../model/evaluation-result.ts';
import type { Json } from '../plan/plan.ts';
import { batches } from './batches.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import { unknownEvaluation } from './evaluations-find.ts';
import { decimal } from './spending.ts';
import { storable } from './storable.ts';

/** Of one statement. */
const BATCH = { rows: 500, bytes: 4_000_000 };

/** What is summed up beside the rows. */
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

/** @throws SluiceError `score_not_finite`, `evaluation_unknown` */
export async function putResults(
  database: Database,
  evaluationId: string,
  rows: readonly ResultRow[],
  now: Date | null,
): Promise<void> {
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
