/** `/v1/reviews`: queues of answers that domain experts are asked about. */
import { z } from '@hono/zod-openapi';
import { NO_REDACTION } from '../../redaction/redaction.ts';
import { NewReview, startReview } from '../../review/start.ts';
import { listQueues, reportOnQueue } from '../../review/state.ts';
import { addToDataset } from '../../review/to-dataset.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';
import { actor, Why } from '../who.ts';
import { ListView, queueParams, ReportView } from './reviews-schemas.ts';
import { AddedExamples } from './run-examples.ts';

const MOST_TAGS = 20;
const TAG_LENGTH = 100;

const bodyOf = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { 'application/json': { schema } },
  required: true as const,
});

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/reviews',
    tags: ['Reviews'],
    summary: 'Review queues, newest first',
    description: 'Older ones are asked for by name.',
    middleware: allow('read', 'feedback'),
    responses: { 200: jsonAnswer('The newest 20, and how far they have come', ListView), ...problems() },
  });

const start = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/reviews',
    tags: ['Reviews'],
    summary: 'Ask people about answers of an evaluation',
    description:
      'Whole examples are drawn until there are at least as many answers as `sample`. What is asked, and what can be ' +
      'said, is kept as it is now.',
    middleware: allow('operate'),
    request: { body: bodyOf(NewReview.openapi('NewReview')) },
    responses: { 201: jsonAnswer('It has begun', ReportView), ...problems(404, 409, 413, 415, 422) },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/reviews/{name}',
    tags: ['Reviews'],
    summary: 'How far a queue has come, and how far reviewers agree',
    middleware: allow('read', 'feedback'),
    request: { params: queueParams },
    responses: { 200: jsonAnswer('It is there', ReportView), ...problems(404, 422) },
  });

const close = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/reviews/{name}/close',
    tags: ['Reviews'],
    summary: 'Ask nobody any more',
    description: 'What was said stays. Of a queue that is closed nothing changes.',
    middleware: allow('operate'),
    request: { params: queueParams, body: bodyOf(z.strictObject({ why: Why })) },
    responses: { 200: jsonAnswer('It is closed', ReportView), ...problems(404, 409, 413, 415, 422) },
  });

const NewExamples = z
  .strictObject({
    dataset: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'it is no name of a dataset'),
    field: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: 'Only items of which `is` holds in this field; else all that are agreed or settled' }),
    is: z.union([z.boolean(), z.number(), z.string().max(1_000)]).optional(),
    accept: z
      .boolean()
      .optional()
      .openapi({ description: 'What was reviewed is what is expected; of a pair the better answer' }),
    begin: z.boolean().optional().openapi({ description: 'Begin the dataset where there is none of that name' }),
    tags: z.array(z.string().min(1).max(TAG_LENGTH)).max(MOST_TAGS).optional(),
  })
  .openapi('ReviewedExamples');

const toDataset = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/reviews/{name}/dataset',
    tags: ['Reviews'],
    summary: 'Add what people agree on to a dataset',
    description: 'All of them in one new version, or none: the first that does not fit refuses them all.',
    middleware: allow('operate'),
    request: { params: queueParams, body: bodyOf(NewExamples) },
    responses: { 201: jsonAnswer('They are in it', AddedExamples), ...problems(404, 409, 413, 415, 422) },
  });

export const addReviews: AddRoutes = (
  app,
  { allow, runtime: { store }, redaction = NO_REDACTION, scorersOf = () => [], rowSchemas = new Map() },
) => {
  addRoute(app, list(allow), async (context) => context.json({ queues: await listQueues(store) }));
  addRoute(app, start(allow), async (context) => {
    const asked = context.req.valid('json');
    const { name } = await startReview({ store, scorersOf, redaction }, asked, actor(context));
    return context.json(await reportOnQueue(store, name, context.var.caller.name), 201);
  });
  addRoute(app, show(allow), async (context) =>
    context.json(await reportOnQueue(store, context.req.valid('param').name, context.var.caller.name)),
  );
  addRoute(app, close(allow), async (context) => {
    const { name } = context.req.valid('param');
    const { why } = context.req.valid('json');
    await store.reviews.close(name, actor(context), redaction.text(why));
    return context.json(await reportOnQueue(store, name, context.var.caller.name));
  });
  addRoute(app, toDataset(allow), async (context) => {
    const given = context.req.valid('json');
    const adding = { store, redaction, schemas: rowSchemas.get(given.dataset) };
    const { name } = context.req.valid('param');
    return context.json(await addToDataset(adding, { ...given, queue: name }, actor(context)), 201);
  });
};
