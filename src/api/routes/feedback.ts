/** `POST` and `GET /v1/runs/{id}/feedback`: what people say of an answer. */
import { z } from '@hono/zod-openapi';
import { Feedback } from '../../client/feedback-client.ts';
import type { FeedbackRow } from '../../store/feedback.ts';
import type { RunRow } from '../../store/runs.ts';
import { snapshotsAt } from '../../telemetry/load-trace.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, IdempotencyHeader, keyedRoute, type Routing, visibleRun } from '../route.ts';
import { FeedbackView, RunId } from '../schemas.ts';

const BY_LENGTH = 200;

const FeedbackBody = z
  .strictObject({
    ...Feedback.shape,
    by: z.string().min(1).max(BY_LENGTH).optional().openapi({ description: 'Who says it, as you know them' }),
  })
  .openapi('NewFeedback', { description: 'At least one of thumb, score, note, emoji, fields' });

const give = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/runs/{id}/feedback',
    tags: ['Feedback'],
    summary: 'Say what you think of an answer',
    description:
      'Kept with the run, and so with its arms, plan and snapshot. The same said twice by the same person is kept once; ' +
      'with an `Idempotency-Key`, each key is kept once.',
    middleware: allow('feedback'),
    request: {
      params: z.object({ id: RunId }),
      headers: IdempotencyHeader,
      body: { content: { 'application/json': { schema: FeedbackBody } }, required: true },
    },
    responses: {
      201: { description: 'It is kept', content: { 'application/json': { schema: FeedbackView } } },
      ...problems(404, 409, 413, 415, 422),
    },
  });

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs/{id}/feedback',
    tags: ['Feedback'],
    summary: 'What was said of an answer',
    middleware: allow('feedback', 'read'),
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: {
        description: 'All of it, oldest first',
        content: { 'application/json': { schema: z.object({ feedback: z.array(FeedbackView) }) } },
      },
      ...problems(404),
    },
  });

export const addFeedback: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  /** What the run stands for. */
  const joinedOf = async ({ planId, arms, startedAt }: RunRow) => {
    const snapshots = await snapshotsAt(await store.plans.get(planId), startedAt, store.indexes);
    return { planId, arms, snapshots };
  };
  addRoute(app, give(allow), async (context) => {
    const { caller } = context.var;
    const run = await visibleRun(store, caller, context.req.valid('param').id);
    const { by, ...said } = context.req.valid('json');
    const key = context.req.valid('header')['idempotency-key'];
    const row = await client.feedback(run.runId, said, {
      sentWith: caller,
      ...(by !== undefined && { by }),
      ...(key !== undefined && { key }),
    });
    return context.json({ ...viewOf(row), ...(await joinedOf(run)) }, 201);
  });
  addRoute(app, list(allow), async (context) => {
    const run = await visibleRun(store, context.var.caller, context.req.valid('param').id);
    const [rows, joined] = await Promise.all([store.feedback.ofRun(run.runId), joinedOf(run)]);
    return context.json({ feedback: rows.map((row) => ({ ...viewOf(row), ...joined })) });
  });
};

function viewOf({ thumb, feedbackId, runId, score, note, emoji, fields, by, keyId, at, receivedAt }: FeedbackRow) {
  const said = thumb === null ? null : thumb === 1 ? 'up' : 'down';
  return { feedbackId, runId, thumb: said, score, note, emoji, fields, by, keyId, at, receivedAt };
}
