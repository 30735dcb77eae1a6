/** An evaluation's own row: made once, with its sums beside it, and told how it stands. */

import { SluiceError } from '../base/errors.ts';
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationPins } from '../model/evaluation-spec.ts';
import type { FailureData } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { EvaluationRow, NewEvaluation } from './evaluations.ts';
import { EVALUATION_COLUMNS, unknownEvaluation } from './evaluations-find.ts';
import { decimal } from './spending.ts';
import { storable, unstorablePath } from './storable.ts';

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
