/** `GET /v1/runs` and `GET /v1/runs/{id}`: what was asked, and what came of it. */
import { z } from '@hono/zod-openapi';
import { resultOf } from '../../client/run-result.ts';
import { restoreClaims } from '../../store/claims.ts';
import { seesAll, visibleRun } from '../own-runs.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';
import { ListedRun, PipelineName, RunId, RunView, StartedView } from '../schemas.ts';

const MOST_LISTED = 100;

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs',
    tags: ['Runs'],
    summary: 'List runs, newest first',
    middleware: allow('ask', 'read'),
    request: {
      query: z.object({
        pipeline: PipelineName.optional().openapi({ param: { name: 'pipeline', in: 'query' } }),
        state: z.enum(['running', 'completed', 'degraded', 'failed', 'cancelled']).optional(),
        limit: z.coerce.number().int().min(1).max(MOST_LISTED).optional(),
        before: z.string().min(1).max(1_000).optional().openapi({ description: 'The `next` of the page before' }),
      }),
    },
    responses: {
      200: {
        description: 'A page; `next` is null on the last. Without `read`, only runs of your own',
        content: {
          'application/json': { schema: z.object({ runs: z.array(ListedRun), next: z.string().nullable() }) },
        },
      },
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs/{id}',
    tags: ['Runs'],
    summary: 'Show a run',
    middleware: allow('ask', 'read'),
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: { description: 'It has ended', content: { 'application/json': { schema: RunView } } },
      202: { description: 'It goes on', content: { 'application/json': { schema: StartedView } } },
      ...problems(404),
    },
  });

export const addRuns: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  addRoute(app, list(allow), async (context) => {
    const { pipeline, state, limit, before } = context.req.valid('query');
    const { caller } = context.var;
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
    return context.json({ runs, next: page.next });
  });
  addRoute(app, show(allow), async (context) => {
    const run = await visibleRun(store, context.var.caller, context.req.valid('param').id);
    const { runId, planId, state } = run;
    const temporalUrl = client.urlOf(runId);
    if (state === 'running') return context.json({ runId, planId, state, temporalUrl }, 202, { 'retry-after': '1' });
    return context.json(await resultOf(run, temporalUrl, (output) => restoreClaims(store.payloads, output)));
  });
};
