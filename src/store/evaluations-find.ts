/** Finding evaluations by their id or the beginning of it, and saying which was meant when there is none, or several. */
import { SluiceError } from '../errors.ts';
import { suggest } from '../nearest.ts';
import type { Queries } from './database.ts';
import type { EvaluationFilter, EvaluationRow } from './evaluations.ts';

/** The columns under the names that `EvaluationRow` gives them. */
export const EVALUATION_COLUMNS = `evaluation_id as "evaluationId", name, spec, budget_usd::float8 as "budgetUsd",
  started_by as "startedBy", pins, state, error, created_at as "createdAt", finished_at as "finishedAt"`;

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 1_000;
/** How many of the newest evaluations a wrong id is compared with. */
const COMPARED = 500;
/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export async function findEvaluation(queries: Queries, idOrPrefix: string): Promise<EvaluationRow> {
  const rows = await queries.query<EvaluationRow>(
    `select ${EVALUATION_COLUMNS} from evaluation
     where evaluation_id = $1 or (evaluation_id > $1 and evaluation_id < $2)
     order by evaluation_id limit ${SHOWN + 1}`,
    [idOrPrefix, idOrPrefix + LAST_CHARACTER],
  );
  const [first, second] = rows;
  if (first === undefined || idOrPrefix === '') throw await unknownEvaluation(queries, idOrPrefix);
  if (second === undefined || first.evaluationId === idOrPrefix) return first;
  const ids = rows.slice(0, SHOWN).map(({ evaluationId }) => evaluationId);
  throw new SluiceError('evaluation_ambiguous', {
    message: `several evaluations begin with '${idOrPrefix}'`,
    remedy: `give more of the id: ${ids.join(', ')}${rows.length > SHOWN ? ', and more' : ''}`,
    data: { prefix: idOrPrefix, evaluationIds: ids },
  });
}

export function listEvaluations(
  queries: Queries,
  { name, limit = DEFAULT_PAGE }: EvaluationFilter,
): Promise<readonly EvaluationRow[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw new SluiceError('limit_invalid', {
      message: `a list of ${limit} evaluations was asked for`,
      remedy: `ask for 1 to ${LARGEST_PAGE.toLocaleString('en')}`,
    });
  return queries.query<EvaluationRow>(
    `select ${EVALUATION_COLUMNS} from evaluation where ($1::text is null or name = $1)
     order by created_at desc, evaluation_id desc limit $2`,
    [name ?? null, limit],
  );
}

export async function unknownEvaluation(queries: Queries, evaluationId: string): Promise<SluiceError> {
  const newest = await queries.query<{ id: string }>(
    `select evaluation_id as id from evaluation order by created_at desc, evaluation_id desc limit ${COMPARED}`,
  );
  return new SluiceError('evaluation_unknown', {
    message: `there is no evaluation '${evaluationId}'`,
    remedy: suggest(
      evaluationId,
      newest.map(({ id }) => id),
      'none was made yet; make one: sluice eval run EVALUATION',
    ),
    data: { evaluationId },
  });
}
