/** `/v1/datasets`: the datasets there are, their versions, and examples of the newest. */
import { type ExampleOptions, exampleOfRun } from '../../evaluation/dataset-row.ts';
import type { Json } from '../../plan/plan.ts';
import { NO_REDACTION } from '../../redaction/redaction.ts';
import { type AddRoutes, actor, addRoute, visibleRun } from '../route.ts';

const MOST_EXAMPLES = 200;

export const addDatasets: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, { allow }, 'listDatasets', async () => ({ datasets: await store.datasets.list() }));
  addRoute(app, { allow }, 'getDataset', async (request) => {
    const { name } = request.params;
    const { after } = request.query;
    const versions = await store.datasets.versions(name);
    const current = await store.datasets.find(name);
    // What is kept for the end is not for looking at.
    const examples = await store.datasets.examples(current.version, { split: 'dev', limit: MOST_EXAMPLES, after });
    return { versions, examples };
  });
};

export const addRunExamples: AddRoutes = (
  app,
  { allow, runtime: { store }, redaction = NO_REDACTION, rowSchemas = new Map() },
) =>
  addRoute(app, { allow }, 'addRunsToDataset', async (request) => {
    const { name } = request.params;
    const { runs: runIds, accept, expected, tags, begin = false } = request.body;
    const given: ExampleOptions = {
      accept,
      expected: expected as Json | undefined,
      tags,
      schemas: rowSchemas.get(name),
    };
    const examples = await Promise.all(
      [...new Set(runIds)].map(async (runId) =>
        exampleOfRun({ store, redaction }, await visibleRun(store, request.context.var.caller, runId), given),
      ),
    );
    const origin = examples.length === 1 ? `run ${examples[0]!.id}` : `${examples.length} runs`;
    const { added, created, version } = await store.datasets.addAll(name, examples, origin, {
      mayBegin: begin,
      by: actor(request.context),
    });
    return { dataset: version.dataset, version: version.version, examples: version.examples, created, added };
  });
