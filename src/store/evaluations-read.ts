/** Reading what an evaluation has found, in pages, and how far it has come. */
import { SluiceError } from '../base/errors.ts';
import type { EvaluationProgress, ResultRow, RunFacts } from '../model/evaluation-result.ts';
import { type Payloads, restoreClaims } from './claims.ts';
import type { Database } from './database.ts';
import type { ResultFilter } from './evaluations.ts';
import { unknownEvaluation } from './evaluations-find.ts';
import { createPayloads } from './payloads.ts';

/** Of one page: whichever is met first. Bytes as they are stored, most often compressed. */
const PAGE = { rows: 1_000, scores: 2_000, bytes: 8_000_000 };

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

const KEY = 'example_id, variant, repeat';

/** SQL: the next rows, up to the first that begins beyond what a page may hold. */
function pageOf(columns: readonly string[], rows: number): string {
  const size = columns.map((column) => `coalesce(pg_column_size(${column}), 0)`).join(' + ');
  return `(
    select *, coalesce(sum(${size}) over (order by ${KEY} rows between unbounded preceding and 1 preceding), 0) as before
    from (
      select ${KEY}, outcome, ${columns.join(', ')} from evaluation_result
      where evaluation_id = $1 and (${KEY}) > ($2, $3::smallint, $4::smallint)
        and ($5::smallint is null or variant = $5) and ($6::text[] is null or example_id = any($6))
      order by evaluation_id, ${KEY} limit ${rows}
    ) as next
  ) as measured
  where before < ${PAGE.bytes}`;
}

const WHOLE = `select example_id as "exampleId", variant, repeat, outcome, ${WIDE.join(', ')} from ${pageOf(WIDE, PAGE.rows)}
  order by ${KEY}`;

/** As one text: a comparison reads rows by the ten thousand, and to take them apart one by one is most of its work. */
const AS_TEXT = `select '[' || string_agg(
    '[' || concat_ws(',', to_json(example_id), variant, repeat, to_json(outcome), coalesce(error, 'null'), run, cells) || ']',
    ',' order by ${KEY}
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
export async function fingerprintOf(database: Database, evaluationIds: readonly string[] | null): Promise<string> {
  const [all] = await database.query<{ print: string }>(
    `select md5(coalesce(string_agg(row (evaluation_id, state, finished_at, tally)::text, ' ' order by evaluation_id), ''))
       as print
     from evaluation join evaluation_tally as tally using (evaluation_id)
     where $1::text[] is null or evaluation_id = any($1)`,
    [evaluationIds],
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
