/** `GET /v1/runs` and `GET /v1/runs/{id}`: what was asked, and what came of it. */
import { resultOf } from '../../client/run-result.ts';
import type { RunCondition } from '../../model/run-fields.ts';
import { restoreClaims } from '../../store/claims.ts';
import { loadTrace, snapshotsAt } from '../../telemetry/load-trace.ts';
import { type AddRoutes, addRoute, type Handled, respond, seesAll, visibleRun } from '../route.ts';

export const addRuns: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  addRoute(app, { allow }, 'listRuns', async (request) => {
    const { pipeline, state, limit, before } = request.query;
    const { caller } = request.context.var;
    const page = await store.runs.list({
      ...(pipeline !== undefined && { pipeline }),
      ...(state !== undefined && { state }),
      ...(limit !== undefined && { limit }),
      ...(before !== undefined && { before }),
      ...(!seesAll(caller) && { owner: caller.owner }),
    });
    const runs = page.runs.map(
      ({ runId, pipeline, variant, planId, arms, unit, state, error, startedAt, finishedAt }) => ({
        ...{ runId, pipeline, variant, planId, arms, unit, state, error, startedAt, finishedAt },
      }),
    );
    return { runs, next: page.next };
  });
  addRoute(app, { allow }, 'getRun', async (request) => {
    const run = await visibleRun(store, request.context.var.caller, request.params.id);
    const { runId, planId, state } = run;
    const temporalUrl = client.urlOf(runId);
    if (state === 'running')
      return respond(
        request.context,
        'getRun',
        { runId, planId, state, temporalUrl },
        { status: 202, headers: { 'retry-after': '1' } },
      );
    return resultOf(run, temporalUrl, (output) => restoreClaims(store.payloads, output));
  });
};

export const addRunSearch: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, { allow }, 'searchRuns', async (request) => {
    const { where, sort, limit, offset } = request.body;
    return store.runSearch.search({ where: asConditions(where), limit, offset, ...(sort && { sort }) });
  });

  addRoute(app, { allow }, 'countRuns', async (request) => {
    const { where, bins } = request.body;
    return { bins: await store.runSearch.histogram(asConditions(where), bins) };
  });

  addRoute(app, { allow }, 'plotRuns', async (request) => {
    const { where, x, y, limit } = request.body;
    return store.runSearch.points(asConditions(where), { x, y }, limit);
  });
};

const asConditions = (given: Handled<'searchRuns'>['body']['where']): readonly RunCondition[] =>
  given.map(({ field, op, value }) => ({ field, op, ...(value !== undefined && { value }) }));

export const addTrace: AddRoutes = (app, { allow, runtime: { store, client } }) =>
  addRoute(app, { allow }, 'getTrace', async (request) => {
    const { runId, unit, planId, startedAt } = await visibleRun(store, request.context.var.caller, request.params.id);
    const [trace, plan] = await Promise.all([
      loadTrace({ store, urlOf: client.urlOf }, runId),
      store.plans.get(planId),
    ]);
    return { ...trace, unit, snapshots: await snapshotsAt(plan, startedAt, store.indexes) };
  });
