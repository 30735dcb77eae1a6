/** `/v1/reviews/{name}/items`: what a reviewer is shown and says, and what is decided between reviewers. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { WINNERS } from '../../model/pair-order.ts';
import { REVIEW_LIMITS } from '../../model/review-queue.ts';
import { NO_REDACTION } from '../../redaction/redaction.ts';
import { decideItem, giveReview, nextItem, passItem, showItem } from '../../review/item.ts';
import { ReviewNote } from '../../review/start.ts';
import type { ServerEnv } from '../environment.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';
import { actor } from '../who.ts';
import { ItemView, itemParams, NextView, queueParams } from './reviews-schemas.ts';

const VALUE_LENGTH = 1_000;

const value = z
  .record(z.string().max(100), z.union([z.boolean(), z.number(), z.string().max(VALUE_LENGTH)]))
  .optional()
  .openapi({ description: 'By field, each as the queue has it' });
const winner = z.enum(WINNERS).optional().openapi({ description: 'Of a pair, as it was shown to you' });

const next = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/reviews/{name}/next',
    tags: ['Reviews'],
    summary: 'The next item for you',
    description: `It is kept for you for ${REVIEW_LIMITS.claimMs / 60_000} minutes; the one that you had is given back.`,
    middleware: allow('feedback'),
    request: {
      params: queueParams,
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({
              after: z
                .int()
                .min(0)
                .max(REVIEW_LIMITS.items)
                .optional()
                .openapi({ description: 'Go on behind this place' }),
            }),
          },
        },
        required: true,
      },
    },
    responses: { 200: jsonAnswer('It, or why there is none', NextView), ...problems(404, 409, 413, 415, 422) },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/reviews/{name}/items/{place}',
    tags: ['Reviews'],
    summary: 'An item, as it is shown to you',
    description:
      'What others said, which variant it is and what the scorer said are shown when nobody is asked about it any more.',
    middleware: allow('read', 'feedback'),
    request: {
      params: itemParams,
      query: z.object({
        told: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'Show all of it, to whoever may decide: keys with the scope operate' }),
      }),
    },
    responses: { 200: jsonAnswer('It is there', ItemView), ...problems(404, 422) },
  });

const give = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'put',
    path: '/v1/reviews/{name}/items/{place}/review',
    tags: ['Reviews'],
    summary: 'Say what you think of an item',
    description: 'It is a label by you, under the name of your key; the second time, in place of the first.',
    middleware: allow('feedback'),
    request: {
      params: itemParams,
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({ value, winner, note: ReviewNote.optional() }).openapi('NewReviewOfItem'),
          },
        },
        required: true,
      },
    },
    responses: { 200: jsonAnswer('It is kept', ItemView), ...problems(404, 409, 413, 415, 422) },
  });

const pass = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/reviews/{name}/items/{place}/pass',
    tags: ['Reviews'],
    summary: 'Say that you cannot judge an item',
    middleware: allow('feedback'),
    request: {
      params: itemParams,
      body: { content: { 'application/json': { schema: z.strictObject({ why: ReviewNote }) } }, required: true },
    },
    responses: { 204: { description: 'You are not asked about it again' }, ...problems(404, 409, 413, 415, 422) },
  });

const decide = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'put',
    path: '/v1/reviews/{name}/items/{place}/decision',
    tags: ['Reviews'],
    summary: 'Decide what holds of an item',
    description:
      'It stands in place of what reviewers say, wherever labels are read. Fields that are left out are as reviewers ' +
      'agree. Of a pair, `value` may be `{"win": 1}` for the variant, 0 for the baseline, 0.5 for neither.',
    middleware: allow('operate'),
    request: {
      params: itemParams,
      body: {
        content: {
          'application/json': { schema: z.strictObject({ value, winner, note: ReviewNote }).openapi('NewDecision') },
        },
        required: true,
      },
    },
    responses: { 200: jsonAnswer('It is decided', ItemView), ...problems(404, 409, 413, 415, 422) },
  });

export const addReviewItems: AddRoutes = (app, { allow, runtime: { store }, redaction = NO_REDACTION }) => {
  const desk = { store, redaction };
  const at = (context: Context<ServerEnv>, { name, place }: z.output<typeof itemParams>) => ({
    ...{ queue: name, place, reviewer: context.var.caller.name },
    who: actor(context),
  });
  addRoute(app, next(allow), async (context) => {
    const { after } = context.req.valid('json');
    const { name: queue } = context.req.valid('param');
    const asked = { queue, reviewer: context.var.caller.name, ...(after !== undefined && { after }) };
    return context.json(await nextItem(desk, asked));
  });
  addRoute(app, show(allow), async (context) => {
    const { name, place } = context.req.valid('param');
    const { caller } = context.var;
    const told = context.req.valid('query').told === 'true' && caller.scopes.includes('operate');
    return context.json(await showItem(store, name, place, { reviewer: caller.name, told }));
  });
  addRoute(app, give(allow), async (context) =>
    context.json(await giveReview(desk, at(context, context.req.valid('param')), context.req.valid('json'))),
  );
  addRoute(app, pass(allow), async (context) => {
    await passItem(desk, at(context, context.req.valid('param')), context.req.valid('json').why);
    return context.body(null, 204);
  });
  addRoute(app, decide(allow), async (context) =>
    context.json(await decideItem(desk, at(context, context.req.valid('param')), context.req.valid('json'))),
  );
};
