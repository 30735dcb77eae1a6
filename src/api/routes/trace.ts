/** `GET /v1/runs/{id}/trace`: the whole tree of a run. */
import { z } from '@hono/zod-openapi';
import { loadTrace, snapshotsAt } from '../../telemetry/load-trace.ts';
import { visibleRun } from '../own-runs.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';
import { RunId, snapshots } from '../schemas.ts';

const TraceView = z
  .object({
    runId: z.string(),
    pipeline: z.string(),
    planId: z.string(),
    state: z.string(),
    unit: z.string().nullable().openapi({ description: 'Whom it was for' }),
    arms: z.record(z.string(), z.string()),
    input: z.unknown().openapi({ description: '{ value }, or { missing }: why it cannot be shown' }),
    output: z.unknown(),
    snapshots,
    error: z.unknown(),
    startedAt: z.number().nullable(),
    endedAt: z.number().nullable(),
    nodes: z.array(z.object({ key: z.string(), name: z.string(), kind: z.string() }).loose()),
    feedback: z.array(z.object({}).loose()),
    temporalUrl: z.string(),
  })
  .loose()
  .openapi('Trace');

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs/{id}/trace',
    tags: ['Runs'],
    summary: 'A run as one tree',
    description: 'Run, node runs, attempts and calls to providers, with what each was given and gave, took and cost.',
    middleware: allow('read'),
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: { description: 'As it is recorded', content: { 'application/json': { schema: TraceView } } },
      ...problems(404),
    },
  });

export const addTrace: AddRoutes = (app, { allow, runtime: { store, client } }) =>
  addRoute(app, show(allow), async (context) => {
    const { runId, unit, planId, startedAt } = await visibleRun(
      store,
      context.var.caller,
      context.req.valid('param').id,
    );
    const [trace, plan] = await Promise.all([
      loadTrace({ store, urlOf: client.urlOf }, runId),
      store.plans.get(planId),
    ]);
    return context.json({ ...trace, unit, snapshots: await snapshotsAt(plan, startedAt, store.indexes) });
  });
