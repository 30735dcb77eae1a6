/** An evaluation's own row: found, made once with its sums beside it, moved between states; and what was declared before it. */
import { SluiceError } from '../base/errors.ts';
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationPins, Registration } from '../model/evaluation-spec.ts';
import type { FailureData } from '../model/run-messages.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
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

export const findEvaluation = (queries: Queries, idOrPrefix: string): Promise<EvaluationRow> =>
  findById(queries, EVALUATION, idOrPrefix);

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

export async function createEvaluation(
  database: Database,
  { evaluationId, spec, budgetUsd, startedBy }: NewEvaluation,
  now: Date | null,
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
    [evaluationId, spec.name, JSON.stringify(spec), decimal(budgetUsd), startedBy, now, total],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [row] = await database.query<EvaluationRow>(
    `select ${EVALUATION_COLUMNS} from evaluation where evaluation_id = $1`,
    [evaluationId],
  );
  return row!;
}

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

interface NewState {
  readonly evaluationId: string;
  readonly state: EvaluationState;
  readonly error: FailureData | null;
  /** Null: whatever it is now. */
  readonly from: readonly EvaluationState[] | null;
  readonly now: Date | null;
}

/** Whether it was in one of the states that it may leave for this one. */
export async function setState(database: Database, { evaluationId, state, error, from, now }: NewState) {
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
    [evaluationId, state, error && JSON.stringify(storable({ ...error })), now, from],
  );
  if (changed.length > 0) return true;
  const known = await database.query('select from evaluation where evaluation_id = $1', [evaluationId]);
  if (known.length === 0) throw await unknownEvaluation(database, evaluationId);
  return false;
}

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
    remedy: `give 0 to ${LARGEST_BUDGET_USD.toLocaleString('en')} dollars, or none: --budget-usd N`,
  });
}

interface NewRegistration extends Pick<LockedRegistration, 'name' | 'content' | 'evaluationId'> {
  readonly now: Date | null;
}

interface CountedComparisons {
  readonly datasetVersion: string;
  readonly sides: readonly string[];
  readonly now: Date | null;
}

export async function register(
  database: Database,
  { name, content, evaluationId, now }: NewRegistration,
): Promise<LockedRegistration> {
  await database.query(
    `insert into registration (name, hash, content, evaluation_id, locked_at)
     values ($1, $2, $3, $4, ${nowSql('$5')}) on conflict do nothing`,
    [name, hashOf(content), JSON.stringify(content), evaluationId, now],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  return (await registrationOf(database, name))!;
}

export async function registrationOf(database: Database, name: string): Promise<LockedRegistration | undefined> {
  const [row] = await database.query<LockedRegistration>(
    `select name, hash, content, evaluation_id as "evaluationId", locked_at as "lockedAt"
     from registration where name = $1`,
    [name],
  );
  return row;
}

const hashOf = (content: Registration): string => hashJson(content as unknown as Json);

export async function countComparisons(
  database: Database,
  { datasetVersion, sides, now }: CountedComparisons,
): Promise<number> {
  await database.query(
    `insert into comparison (dataset_version, sides, first_at)
     select $1, sides, ${nowSql('$3')} from unnest($2::text[]) as given (sides)
     order by sides on conflict do nothing`,
    [datasetVersion, sides, now],
  );
  return foreseeComparisons(database, datasetVersion, []);
}

/** As many as there would be. */
export async function foreseeComparisons(
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
