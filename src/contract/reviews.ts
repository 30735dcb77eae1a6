/** Review queues: beginning them, reviewing and deciding their items, and what reviewers agree on. */
import { NewReview, QueueName, ReviewNote } from '../model/new-review.ts';
import { REVIEW_LIMITS, WINNERS } from '../model/review-queue.ts';
import { AddedExamples } from './datasets.ts';
import { type Endpoints, json, jsonAnswer, jsonBody, problems, time, Why, z } from './endpoint.ts';

const MOST_TAGS = 20;

const TAG_LENGTH = 100;

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

// `/v1/reviews/{name}/items`: items, their reviews, and decisions about disputed items.

const VALUE_LENGTH = 1_000;

const value = z
  .record(z.string().max(100), z.union([z.boolean(), z.number(), z.string().max(VALUE_LENGTH)]))
  .optional()
  .openapi({ description: 'By field, each as the queue has it' });

const winner = z.enum(WINNERS).optional().openapi({ description: 'Of a pair, as it was shown to you' });

const values = z.record(z.string(), z.union([z.number(), z.boolean(), z.string()]));

const State = z.enum(['open', 'begun', 'agreed', 'disputed', 'settled']);

const queueParams = z.object({
  name: QueueName.openapi({ param: { name: 'name', in: 'path' }, example: 'answers-before-release' }),
});

const itemParams = queueParams.extend({
  place: z.coerce
    .number()
    .int()
    .min(1)
    .max(REVIEW_LIMITS.items)
    .openapi({ param: { name: 'place', in: 'path' }, example: 1 }),
});

const Field = z.object({
  name: z.string(),
  description: z.string().nullable(),
  kind: z.enum(['boolean', 'number', 'score', 'choice']),
  least: z.number().nullable().openapi({ description: 'Null: no bound' }),
  most: z.number().nullable(),
  isWhole: z.boolean(),
  choices: z.array(z.string()),
});

const Queue = z
  .object({
    name: z.string(),
    evaluationId: z.string(),
    scorer: z.string(),
    kind: z.enum(['fields', 'pair']),
    question: z.string().nullable(),
    guidelines: z.string().nullable(),
    fields: z.array(Field).openapi({ description: 'As they were when it began; of a pair none' }),
    reviewers: z.int().openapi({ description: 'How many people are asked about each item' }),
    items: z.int(),
    startedBy: z.string(),
    startedAt: time,
    closedAt: time.nullable(),
  })
  .openapi('ReviewQueue');

const Progress = z
  .object({
    items: z.int(),
    states: z.object({ open: z.int(), begun: z.int(), agreed: z.int(), disputed: z.int(), settled: z.int() }),
    reviews: z.int().openapi({ description: 'Of those asked for' }),
    asked: z.int(),
    byReviewer: z.array(z.object({ reviewer: z.string(), reviews: z.int(), passes: z.int() })),
  })
  .openapi('ReviewProgress');

const Agreement = z
  .object({
    field: z.string(),
    reviewers: z.array(z.string()),
    shared: z.int().openapi({ description: 'Items that at least two have reviewed' }),
    same: z.int(),
    kappa: z.number().nullable().openapi({ description: "Cohen's, where exactly two have reviewed them all" }),
    alpha: z.number().nullable().openapi({ description: "Krippendorff's" }),
    words: z.string(),
  })
  .openapi('ReviewAgreement');

const summary = {
  place: z.int(),
  subject: z.string(),
  exampleId: z.string(),
  state: State,
  reviews: z.int(),
  passes: z.int(),
  isMine: z.boolean(),
};

const Review = z.object({ reviewer: z.string(), value: values, note: z.string().nullable(), at: time });

const Told = z
  .object({
    reviews: z.array(Review),
    passes: z.array(z.object({ reviewer: z.string(), why: z.string(), at: time })),
    verdict: z.record(z.string(), json).nullable().openapi({ description: 'What the scorer itself said' }),
    variants: z.array(z.string()).openapi({ description: 'In the order of `answers`' }),
    baseline: z.enum(['first', 'second']).nullable().openapi({ description: "The baseline's answer of a pair" }),
    decision: Review.nullable(),
  })
  .openapi('ReviewTold');

const ItemView = z
  .object({
    ...summary,
    input: json,
    expected: json,
    answers: z.array(z.object({ title: z.enum(['answer', 'first', 'second']), output: json })),
    mine: Review.extend({ winner: z.enum(WINNERS).nullable() }).nullable(),
    minePassed: z.string().nullable(),
    told: Told.nullable().openapi({ description: 'Null while it could lead a reviewer' }),
  })
  .openapi('ReviewItem');

const NextView = z.union([
  z.object({ item: ItemView }),
  z.object({
    item: z.null(),
    why: z.enum(['all_reviewed', 'claimed_by_others', 'closed']),
    progress: Progress,
  }),
]);

const ListView = z.object({ queues: z.array(z.object({ queue: Queue, progress: Progress })) });

const ReportView = z
  .object({
    queue: Queue,
    progress: Progress,
    agreement: z.array(Agreement),
    items: z.array(z.object(summary)),
  })
  .openapi('ReviewReport');

export const REVIEWS = {
  listReviews: {
    tags: ['Reviews'],
    summary: 'Review queues, newest first',
    description: 'Older ones are asked for by name.',
    scopes: ['read', 'feedback'],
    responses: { 200: jsonAnswer('The newest 20, and how far they have come', ListView), ...problems() },
  },
  startReview: {
    tags: ['Reviews'],
    summary: 'Ask people about answers of an evaluation',
    description:
      'Whole examples are drawn until there are at least as many answers as `sample`. What is asked, and what can be ' +
      'said, is kept as it is now.',
    scopes: ['operate'],
    request: { body: jsonBody(NewReview.openapi('NewReview')) },
    responses: { 201: jsonAnswer('It has begun', ReportView), ...problems(404, 409, 413, 415, 422) },
  },
  getReview: {
    tags: ['Reviews'],
    summary: 'How far a queue has come, and how far reviewers agree',
    scopes: ['read', 'feedback'],
    request: { params: queueParams },
    responses: { 200: jsonAnswer('It is there', ReportView), ...problems(404, 422) },
  },
  closeReview: {
    tags: ['Reviews'],
    summary: 'Ask nobody any more',
    description: 'What was said stays. Of a queue that is closed nothing changes.',
    scopes: ['operate'],
    request: { params: queueParams, body: jsonBody(z.strictObject({ why: Why })) },
    responses: { 200: jsonAnswer('It is closed', ReportView), ...problems(404, 409, 413, 415, 422) },
  },
  addReviewedExamples: {
    tags: ['Reviews'],
    summary: 'Add what people agree on to a dataset',
    description: 'All of them in one new version, or none: the first that does not fit refuses them all.',
    scopes: ['operate'],
    request: { params: queueParams, body: jsonBody(NewExamples) },
    responses: { 201: jsonAnswer('They are in it', AddedExamples), ...problems(404, 409, 413, 415, 422) },
  },
  claimReviewItem: {
    tags: ['Reviews'],
    summary: 'The next item for you',
    description: `It is kept for you for ${REVIEW_LIMITS.claimMs / 60_000} minutes; the one that you had is given back.`,
    scopes: ['feedback'],
    request: {
      params: queueParams,
      body: jsonBody(
        z.strictObject({
          after: z.int().min(0).max(REVIEW_LIMITS.items).optional().openapi({ description: 'Go on behind this place' }),
        }),
      ),
    },
    responses: { 200: jsonAnswer('It, or why there is none', NextView), ...problems(404, 409, 413, 415, 422) },
  },
  getReviewItem: {
    tags: ['Reviews'],
    summary: 'An item, as it is shown to you',
    description:
      'What others said, which variant it is and what the scorer said are shown when nobody is asked about it any more.',
    scopes: ['read', 'feedback'],
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
  },
  giveReview: {
    tags: ['Reviews'],
    summary: 'Say what you think of an item',
    description: 'It is a label by you, under the name of your key; the second time, in place of the first.',
    scopes: ['feedback'],
    request: {
      params: itemParams,
      body: jsonBody(z.strictObject({ value, winner, note: ReviewNote.optional() }).openapi('NewReviewOfItem')),
    },
    responses: { 200: jsonAnswer('It is kept', ItemView), ...problems(404, 409, 413, 415, 422) },
  },
  passReviewItem: {
    tags: ['Reviews'],
    summary: 'Say that you cannot judge an item',
    scopes: ['feedback'],
    request: {
      params: itemParams,
      body: jsonBody(z.strictObject({ why: ReviewNote })),
    },
    responses: { 204: { description: 'You are not asked about it again' }, ...problems(404, 409, 413, 415, 422) },
  },
  decideReviewItem: {
    tags: ['Reviews'],
    summary: 'Decide what holds of an item',
    description:
      'It stands in place of what reviewers say, wherever labels are read. Fields that are left out are as reviewers ' +
      'agree. Of a pair, `value` may be `{"win": 1}` for the variant, 0 for the baseline, 0.5 for neither.',
    scopes: ['operate'],
    request: {
      params: itemParams,
      body: jsonBody(z.strictObject({ value, winner, note: ReviewNote }).openapi('NewDecision')),
    },
    responses: { 200: jsonAnswer('It is decided', ItemView), ...problems(404, 409, 413, 415, 422) },
  },
} satisfies Endpoints;
