/** Finding evaluations by their id or the beginning of it. */
import type { SluiceError } from '../base/errors.ts';
import type { Queries } from './database.ts';
import type { EvaluationFilter, EvaluationRow } from './evaluations.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought, unknownId } from './find-by-id.ts';

/** The columns under the names that `EvaluationRow` gives them. */
export const EVALUATION_COLUMNS = `evaluation_id as "evaluationId", name, spec, budget_usd::float8 as "budgetUsd",
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
