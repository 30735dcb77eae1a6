/** `/v1/experiments`: how experiments and rollouts stand, and steering them. */
import { z } from '@hono/zod-openapi';
import { statusOf } from '../../client/experiment-status.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';
import { PipelineName } from '../schemas.ts';
import { actor, Why } from '../who.ts';

const MOST_LISTED = 100;

const ExperimentId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,200}$/, 'it is no id of an experiment')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'rerank-online-1' });

const ExperimentView = z
  .object({
    experimentId: z.string(),
    name: z.string(),
    pipeline: z.string(),
    kind: z.enum(['experiment', 'rollout']),
    state: z.string().openapi({ example: 'running' }),
    reason: z.string().nullable(),
    arms: z.array(z.object({ name: z.string(), weight: z.number() }).loose()),
    stopped: z.array(z.string()),
    winner: z.string().nullable(),
    ramp: z.number(),
    stage: z.int(),
    startedBy: z.string(),
    startedAt: z.number(),
    endedAt: z.number().nullable(),
  })
  .openapi('Experiment');

const ExperimentStatus = ExperimentView.extend({
  sentences: z.array(z.string()).openapi({ description: 'What stands, in words, the verdict first' }),
  look: z.unknown().openapi({
    description: 'The result: the newest look of the experiment itself, with every number; null before the first',
  }),
  rolloutLook: z.unknown().openapi({ description: 'The newest look of the rollout that followed; null without one' }),
  stages: z.array(z.object({ stage: z.int(), why: z.string(), beganAt: z.number() }).loose()),
}).openapi('ExperimentStatus');

const Act = z.strictObject({ why: Why }).openapi('Act');
const identified = z.object({ id: ExperimentId });

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments',
    tags: ['Experiments'],
    summary: 'List experiments and rollouts, newest first',
    middleware: allow('read'),
    request: {
      query: z.object({
        pipeline: PipelineName.optional().openapi({ param: { name: 'pipeline', in: 'query' } }),
        live: z.enum(['true', 'false']).optional().openapi({ description: 'true: only those that have not ended' }),
      }),
    },
    responses: {
      200: jsonAnswer(`The newest ${MOST_LISTED}`, z.object({ experiments: z.array(ExperimentView) })),
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments/{id}',
    tags: ['Experiments'],
    summary: 'How an experiment stands',
    middleware: allow('read'),
    request: { params: identified },
    responses: { 200: jsonAnswer('It is there', ExperimentStatus), ...problems(404, 422) },
  });

const ACTIONS = {
  pause: 'Serve everybody the baseline, and decide nothing, until it is resumed',
  resume: 'Go on with one that is paused',
  approve: 'Roll out the winner that waits for it',
  abort: 'End it: everybody gets the baseline, and nothing is decided',
} as const;

const steer = (allow: Routing['allow'], action: keyof typeof ACTIONS) =>
  keyedRoute({
    method: 'post',
    path: `/v1/experiments/{id}/${action}`,
    tags: ['Experiments'],
    summary: ACTIONS[action],
    middleware: allow('operate'),
    request: { params: identified, body: { content: { 'application/json': { schema: Act } }, required: true } },
    responses: { 200: jsonAnswer('What it then is', ExperimentView), ...problems(404, 409, 413, 415, 422) },
  });

export const addExperiments: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  addRoute(app, list(allow), async (context) => {
    const { pipeline, live } = context.req.valid('query');
    const rows = await store.experiments.list({
      limit: MOST_LISTED,
      ...(pipeline !== undefined && { pipeline }),
      ...(live === 'true' && { live: true }),
    });
    return context.json({ experiments: rows.map(viewOf) });
  });
  addRoute(app, show(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    const { sentences, look, rolloutLook, stages } = await statusOf(store, row);
    return context.json({ ...viewOf(row), sentences, look, rolloutLook, stages });
  });
  for (const action of Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])
    addRoute(app, steer(allow, action), async (context) => {
      const { experimentId } = await store.experiments.get(context.req.valid('param').id);
      const { why } = context.req.valid('json');
      return context.json(viewOf(await client.steerExperiment(experimentId, { action, by: actor(context), why })));
    });
};

function viewOf(row: ExperimentRow) {
  const { experimentId, name, pipeline, kind, state, reason, stopped, winner, ramp, stage } = row;
  const arms = row.spec.arms.map(({ name, weight }) => ({ name, weight }));
  const { startedBy, startedAt, endedAt } = row;
  return {
    experimentId,
    name,
    pipeline,
    kind,
    state,
    reason,
    arms,
    stopped,
    winner,
    ramp,
    stage,
    startedBy,
    startedAt,
    endedAt,
  };
}
