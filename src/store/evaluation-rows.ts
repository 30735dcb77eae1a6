/** The row of an evaluation: find it, create it once with its sums, change its state. Also its registration. */

import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationPins, Registration } from '../model/evaluation-spec.ts';
import type { FailureData } from '../model/run-messages.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import type { EvaluationFilter, EvaluationRow, LockedRegistration, NewEvaluation } from './evaluations.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought, unknownId } from './find-by-id.ts';
import { decimal } from './spending.ts';
import { storable, unstorablePath } from './storable.ts';

/** The columns under the names that `EvaluationRow` gives them. */
const EVALUATION_COLUMNS = `evaluation_id as "evaluationId", name, spec, budget_usd::float8 as "budgetUsd",
  started_by as "startedBy", pins, state, error, created_at as "createdAt", finished_at as "finishedAt"`;

const EVALUATION: Sought = {
  ...{ table: 'evaluation', columns: EVALUATION_COLUMNS, idColumn: 'evaluation_id', idName: 'evaluationId' },
  ...{ newestBy: 'created_at', kind: 'evaluation', words: ['evaluation', 'evaluations'] },
  whenNone: 'none was made yet; make one: sluice eval run EVALUATION',
};

/** @throws SluiceError `evaluation_unknown` with the nearest, `evaluation_ambiguous`; a unique prefix is enough */
export const findEvaluation = (queries: Queries, idOrPrefix: string): Promise<EvaluationRow> =>
  findById(queries, EVALUATION, idOrPrefix);

/** The newest first. @throws SluiceError `limit_invalid` */
export function listEvaluations(
  queries: Queries,
  { name, limit = DEFAULT_PAGE }: EvaluationFilter,
): Promise<readonly EvaluationRow[]> {
  checkPage(limit, EVALUATION);
  return queries.query<EvaluationRow>(
    `select ${EVALUATION_COLUMNS} from evaluation where ($1::text is null or name = $1)
     order by created_at desc, evaluation_id desc limit $2`,
    [name ?? null, limit],
  );
}

export const unknownEvaluation = (queries: Queries, evaluationId: string): Promise<SluiceError> =>
  unknownId(queries, EVALUATION, evaluationId);

/** Far above what anybody spends, and far below what the column holds. */
const LARGEST_BUDGET_USD = 1_000_000_000;
/** SQL: the states that an evaluation may yet leave by itself. */
export const UNENDED = "('begun', 'running', 'paused')";

/** The second time with the same id gives what the first made. @throws SluiceError `budget_invalid` */
export async function createEvaluation(
  database: TimedDatabase,
  { evaluationId, spec, budgetUsd, startedBy }: NewEvaluation,
): Promise<EvaluationRow> {
  checkBudget(budgetUsd);
  const where = unstorablePath(spec as unknown as Json);
  if (where !== undefined)
    throw new SluiceError('text_unstorable', {
      message: `evaluation '${spec.name}' holds a NUL character or half a surrogate pair at '${where}'`,
      remedy: 'remove it from the definition: no query could read the evaluation',
      data: { field: where },
    });
  const total = spec.dataset.examples * spec.variants.length * spec.repeats;
  await database.query(
    `with made as (
       insert into evaluation (evaluation_id, name, spec, state, budget_usd, started_by, created_at)
       values ($1, $2, $3, 'begun', $4, $5, ${nowSql('$6')}) on conflict do nothing returning evaluation_id
     ), tallied as (
       insert into evaluation_tally (evaluation_id, total) select evaluation_id, $7 from made
     )
     insert into evaluation_spending (evaluation_id) select evaluation_id from made`,
    [evaluationId, spec.name, JSON.stringify(spec), decimal(budgetUsd), startedBy, database.now(), total],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [row] = await database.query<EvaluationRow>(
    `select ${EVALUATION_COLUMNS} from evaluation where evaluation_id = $1`,
    [evaluationId],
  );
  return row!;
}

/**
 * Stores the pins the first time, and returns the stored ones.
 *
 * @throws SluiceError `evaluation_unknown`, as all that follow
 */
export async function keepPins(
  database: Database,
  evaluationId: string,
  pins: EvaluationPins,
): Promise<EvaluationPins> {
  const [row] = await database.query<{ pins: EvaluationPins }>(
    'update evaluation set pins = coalesce(pins, $2) where evaluation_id = $1 returning pins',
    [evaluationId, JSON.stringify(pins)],
  );
  if (row === undefined) throw await unknownEvaluation(database, evaluationId);
  return row.pins;
}

/** A final state sets `finishedAt`, any other takes it back; `error` is null where it is not given. */
export async function setState(
  database: TimedDatabase,
  evaluationId: string,
  state: EvaluationState,
  error: FailureData | null = null,
): Promise<void> {
  await changeState(database, evaluationId, state, { error, from: null });
}

/** Only where it is in one of these; gives whether it was: another may have ended it meanwhile. */
export const moveState = (
  database: TimedDatabase,
  evaluationId: string,
  from: readonly EvaluationState[],
  state: EvaluationState,
): Promise<boolean> => changeState(database, evaluationId, state, { error: null, from });

interface StateChange {
  readonly error: FailureData | null;
  /** Null: any state. */
  readonly from: readonly EvaluationState[] | null;
}

/** Whether it was in one of the states that it may leave for this one. */
async function changeState(
  database: TimedDatabase,
  evaluationId: string,
  state: EvaluationState,
  { error, from }: StateChange,
): Promise<boolean> {
  const changed = await database.query(
    `with moved as (
       update evaluation set state = $2, error = $3, finished_at = case
         when $2 in ${UNENDED} then null
         when state = $2 then coalesce(finished_at, ${nowSql('$4')})
         else ${nowSql('$4')} end
       where evaluation_id = $1 and ($5::text[] is null or state = any($5)) returning evaluation_id
     ), going_on as (
       update evaluation_tally as tally set progressed_at = ${nowSql('$4')} from moved
       where tally.evaluation_id = moved.evaluation_id
     )
     select evaluation_id from moved`,
    [evaluationId, state, error && JSON.stringify(storable({ ...error })), database.now(), from],
  );
  if (changed.length > 0) return true;
  const known = await database.query('select from evaluation where evaluation_id = $1', [evaluationId]);
  if (known.length === 0) throw await unknownEvaluation(database, evaluationId);
  return false;
}

/** @throws SluiceError `budget_invalid` */
export async function setBudget(database: Database, evaluationId: string, budgetUsd: number | null): Promise<void> {
  checkBudget(budgetUsd);
  const known = await database.query(
    'update evaluation set budget_usd = $2 where evaluation_id = $1 returning evaluation_id',
    [evaluationId, decimal(budgetUsd)],
  );
  if (known.length === 0) throw await unknownEvaluation(database, evaluationId);
}

function checkBudget(usd: number | null): void {
  if (usd === null || (usd >= 0 && usd <= LARGEST_BUDGET_USD)) return;
  throw new SluiceError('budget_invalid', {
    message: `an evaluation cannot have a budget of ${usd} dollars`,
    remedy: `give 0 to ${showWhole(LARGEST_BUDGET_USD)} dollars, or none: --budget-usd N`,
  });
}

/** Locks it for the name, if nothing is; gives what is locked. */
export async function register(
  database: TimedDatabase,
  name: string,
  content: Registration,
  evaluationId: string,
): Promise<LockedRegistration> {
  await database.query(
    `insert into registration (name, hash, content, evaluation_id, locked_at)
     values ($1, $2, $3, $4, ${nowSql('$5')}) on conflict do nothing`,
    [name, hashOf(content), JSON.stringify(content), evaluationId, database.now()],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  return (await registrationOf(database, name))!;
}

/** Undefined: nothing is locked under the name. */
export async function registrationOf(database: Database, name: string): Promise<LockedRegistration | undefined> {
  const [row] = await database.query<LockedRegistration>(
    `select name, hash, content, evaluation_id as "evaluationId", locked_at as "lockedAt"
     from registration where name = $1`,
    [name],
  );
  return row;
}

const hashOf = (content: Registration): string => hashJson(content as unknown as Json);

/** Counts comparisons, each once; gives how many there have been on this dataset version, these included. */
export async function countComparisons(
  database: TimedDatabase,
  datasetVersion: string,
  sides: readonly string[],
): Promise<number> {
  await database.query(
    `insert into comparison (dataset_version, sides, first_at)
     select $1, sides, ${nowSql('$3')} from unnest($2::text[]) as given (sides)
     order by sides on conflict do nothing`,
    [datasetVersion, sides, database.now()],
  );
  return nextComparisonCount(database, datasetVersion, []);
}

/** What `countComparisons` would give; nothing is counted. As many as there would be. */
export async function nextComparisonCount(
  database: Database,
  datasetVersion: string,
  sides: readonly string[],
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*) from (
       select sides from comparison where dataset_version = $1 union select unnest($2::text[]) collate "C"
     ) as counted`,
    [datasetVersion, sides],
  );
  return row!.count;
}
