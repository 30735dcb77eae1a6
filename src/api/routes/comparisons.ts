/** `/v1/comparisons`: variants of evaluations against a baseline, with their examples in columns, and what was answered to one. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import { evaluatedDatasets, loadLeaderboard, rankedEvaluations } from '../../evaluation/baseline-leaderboard.ts';
import { type ChosenEvaluation, sidesOf } from '../../evaluation/compare/sides.ts';
import { createAnswers } from '../../evaluation/report/answers.ts';
import { readOutputs } from '../../evaluation/report/outputs.ts';
import { readTraces } from '../../evaluation/report/traces.ts';
import { storable } from '../../store/storable.ts';
import type { Store } from '../../store/store.ts';
import { type AddRoutes, addRoute } from '../route.ts';

export const addComparisons: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  const answers = createAnswers({ store, urlOf: client.urlOf });
  addRoute(app, { allow }, 'compare', async (request) => {
    const json = await answers.get(await namedIn(store, request.query.ids));
    return request.context.body(json as Uint8Array<ArrayBuffer>, 200, { 'content-type': 'application/json' });
  });
  addRoute(app, { allow }, 'prepareComparison', async (request) => {
    await answers.ahead(await namedIn(store, request.query.ids));
    return undefined;
  });
  addRoute(app, { allow }, 'getComparedOutputs', async (request) => {
    const { ids, example } = request.query;
    const sides = sidesOf(await namedIn(store, ids));
    const [found] = await readOutputs(
      { report: { sides }, rowsOf: (evaluationId, exampleIds) => store.evaluations.results(evaluationId, exampleIds) },
      [{ example: 0, id: storable(example) as string }],
    );
    return { runs: found?.runs ?? [] };
  });
  addRoute(app, { allow }, 'getComparedTraces', async (request) => {
    const { ids, example, side: only } = request.query;
    const sides = sidesOf(await namedIn(store, ids));
    const rowsOf = (id: string, exampleIds: readonly string[]) => store.evaluations.results(id, exampleIds);
    return {
      runs: await readTraces({ sides, rowsOf, memo: store.memo, only }, storable(example) as string),
    };
  });
};

const namedIn = (store: Pick<Store, 'evaluations'>, ids: string): Promise<readonly ChosenEvaluation[]> =>
  Promise.all(ids.split(',').map((reference) => namedBy(store, reference)));

/** @throws SluiceError `evaluation_unknown`, `evaluation_ambiguous`, `variant_unknown` */
async function namedBy({ evaluations }: Pick<Store, 'evaluations'>, reference: string): Promise<ChosenEvaluation> {
  const [id = '', name] = reference.split(':');
  const row = await evaluations.get(id);
  if (name === undefined) return { row, variant: undefined };
  const names = row.spec.variants.map((variant) => variant.name);
  const variant = names.indexOf(name);
  if (variant >= 0) return { row, variant };
  throw new SluiceError('variant_unknown', {
    message: `${row.evaluationId} has no variant '${name}'`,
    remedy: suggest(name, names, `${row.evaluationId} has no variants`),
    data: { name },
  });
}

export const addLeaderboards: AddRoutes = (app, { allow, runtime: { store } }) =>
  addRoute(app, { allow }, 'getLeaderboard', async (request) => {
    const { dataset: asked, split: part, metric, baseline, limit } = request.query;
    const rows = await rankedEvaluations(store);
    const datasets = evaluatedDatasets(rows);
    const chosen = asked === undefined ? datasets[0] : datasets.find((each) => each.name === asked);
    const dataset = chosen?.name ?? asked ?? null;
    const split = part ?? chosen?.splits[0]?.split ?? null;
    const board = await loadLeaderboard(store, dataset === null ? [] : rows, {
      ...{ limit, baseline, sortBy: metric },
      dataset: dataset ?? undefined,
      split: split ?? undefined,
    });
    return { datasets, dataset, split, board };
  });
