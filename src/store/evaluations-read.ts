/** Reading what an evaluation has found, in pages, and how far it has come. */
import { SluiceError } from '../errors.ts';
import type { EvaluationProgress, ResultRow } from '../evaluation/result.ts';
import { type Payloads, restoreClaims } from './claims.ts';
import type { Database } from './database.ts';
import type { ResultFilter } from './evaluations.ts';
import { unknownEvaluation } from './evaluations-find.ts';
import { createPayloads } from './payloads.ts';

/** Of one page: whichever is met first. Bytes as they are stored, most often compressed. */
const PAGE = { rows: 1_000, bytes: 8_000_000 };

const WIDE = ['error', 'run', 'cells', 'output', 'calls'];
const SCORES = ['error', 'run', 'cells'];

export function resultsOf(
  database: Database,
  evaluationId: string,
  exampleIds: readonly string[],
): Promise<readonly ResultRow[]> {
  return Array.fromAsync(readResults(database, evaluationId, { exampleIds }));
}

export async function* readResults(
  database: Database,
  evaluationId: string,
  filter: ResultFilter,
): AsyncGenerator<ResultRow> {
  const payloads = createPayloads(database);
  for (let last: Pick<ResultRow, 'exampleId' | 'variant' | 'repeat'> = BEFORE_ALL; ; ) {
    const page = await readPage(database, evaluationId, filter, last);
    // One by one: what is stored aside is large.
    for (const row of page) yield { ...row, output: await wholeOutput(payloads, row.output) };
    if (page.length === 0) return;
    last = page.at(-1)!;
  }
}

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

/** The next rows: none only where there is none. How much they hold is looked at before it is read. */
function readPage(
  database: Database,
  evaluationId: string,
  { variant, exampleIds, scoresOnly = false }: ResultFilter,
  after: Pick<ResultRow, 'exampleId' | 'variant' | 'repeat'>,
): Promise<readonly ResultRow[]> {
  const wide = scoresOnly ? SCORES : WIDE;
  const columns = scoresOnly ? [...SCORES, 'null::json as output', `'[]'::json as calls`] : WIDE;
  return database.query<ResultRow>(
    `select example_id as "exampleId", variant, repeat, outcome, ${columns.join(', ')} from (
       select *, row_number() over by_key as place,
         sum(${wide.map((column) => `coalesce(pg_column_size(${column}), 0)`).join(' + ')}) over by_key as bytes
       from (
         select * from evaluation_result
         where evaluation_id = $1 and (example_id, variant, repeat) > ($2, $3::smallint, $4::smallint)
           and ($5::smallint is null or variant = $5) and ($6::text[] is null or example_id = any($6))
         order by evaluation_id, example_id, variant, repeat limit ${PAGE.rows}
       ) as next
       window by_key as (order by example_id, variant, repeat rows unbounded preceding)
     ) as measured
     where bytes <= ${PAGE.bytes} or place = 1
     order by example_id, variant, repeat`,
    [evaluationId, after.exampleId, after.variant, after.repeat, variant ?? null, exampleIds ?? null],
  );
}

interface Sums extends EvaluationProgress, Record<'cellsDone' | 'cellsFailed' | 'cellsMissing', number> {
  readonly callsMade: number;
  readonly callsShared: number;
}

/** @throws SluiceError `evaluation_unknown` */
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

/** Rows are summed up beside them, so this reads one row of each evaluation. */
export async function fingerprintOf(database: Database): Promise<string> {
  const [all] = await database.query<{ print: string }>(
    `select md5(coalesce(string_agg(row (evaluation_id, state, finished_at, tally)::text, ' ' order by evaluation_id), ''))
       as print
     from evaluation join evaluation_tally as tally using (evaluation_id)`,
  );
  return all!.print;
}

/** @throws SluiceError `evaluation_unknown` */
export async function hasResumable(database: Database, evaluationId: string): Promise<boolean> {
  const [sums] = await database.query<{ has: boolean }>(
    'select resumable > 0 as has from evaluation_tally where evaluation_id = $1',
    [evaluationId],
  );
  if (sums === undefined) throw await unknownEvaluation(database, evaluationId);
  return sums.has;
}
