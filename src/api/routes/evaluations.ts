/** `/v1/evaluations`: what was evaluated on what, how far it came, and why something is missing of it. */
import { DEFAULT_LISTED } from '../../contract/evaluations.ts';
import { missingReasons } from '../../evaluation/compare/missing.ts';
import { isUnfinished } from '../../model/evaluation-result.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import { type AddRoutes, addRoute, type Routing } from '../route.ts';

export const addEvaluations: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  const viewed = async (row: EvaluationRow) => viewOf(row, await store.evaluations.progress(row.evaluationId));
  addRoute(app, { allow }, 'listEvaluations', async (request) => {
    const { name, limit = DEFAULT_LISTED } = request.query;
    const rows = await store.evaluations.list({ name, limit });
    return { evaluations: await Promise.all(rows.map(viewed)) };
  });
  addRoute(app, { allow }, 'getEvaluation', async (request) => {
    const row = await store.evaluations.get(request.params.id);
    const view = await viewed(row);
    // All rows are read for the reasons: only when there will be no others.
    const isTold = !isUnfinished(row) && view.progress.cells.missing > 0;
    const missing = isTold ? await missingReasons(store, row.evaluationId) : [];
    const scorers = row.spec.scorers.map(({ id, kind, fields }) => ({ id, kind, fields: Object.keys(fields) }));
    return { ...view, missing, scorers, temporalUrl: client.urlOf(row.evaluationId) };
  });
};

type Told = Awaited<ReturnType<Routing['runtime']['store']['evaluations']['progress']>>;

function viewOf({ evaluationId, name, state, spec, ...row }: EvaluationRow, progress: Told) {
  const { mode, definition, variants, dataset, metrics, repeats } = spec;
  const { budgetUsd, startedBy, createdAt, finishedAt, error } = row;
  return {
    ...{ evaluationId, name, state, mode, definition, variants, dataset, metrics, repeats },
    ...{ budgetUsd, startedBy, createdAt, finishedAt, error, progress },
  };
}
