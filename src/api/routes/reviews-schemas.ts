/** What review queues look like in the OpenAPI document. */
import { z } from '@hono/zod-openapi';
import { WINNERS } from '../../model/pair-order.ts';
import { REVIEW_LIMITS } from '../../model/review-queue.ts';
import { QueueName } from '../../review/start.ts';

const json = z.unknown().openapi({ description: 'Any JSON' });
const time = z.number().openapi({ description: 'Milliseconds since 1970' });
const values = z.record(z.string(), z.union([z.number(), z.boolean(), z.string()]));
const State = z.enum(['open', 'begun', 'agreed', 'disputed', 'settled']);

export const queueParams = z.object({
  name: QueueName.openapi({ param: { name: 'name', in: 'path' }, example: 'answers-before-release' }),
});
export const itemParams = queueParams.extend({
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
    verdict: z.record(z.string(), z.unknown()).nullable().openapi({ description: 'What the scorer itself said' }),
    variants: z.array(z.string()).openapi({ description: 'In the order of `answers`' }),
    baseline: z.enum(['first', 'second']).nullable().openapi({ description: "The baseline's answer of a pair" }),
    decision: Review.nullable(),
  })
  .openapi('ReviewTold');

export const ItemView = z
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

export const NextView = z
  .object({
    item: ItemView.nullable(),
    why: z
      .enum(['all_reviewed', 'claimed_by_others', 'closed'])
      .optional()
      .openapi({ description: 'Where there is no item' }),
    progress: Progress.optional(),
  })
  .openapi('NextReviewItem');

export const ListView = z.object({ queues: z.array(z.object({ queue: Queue, progress: Progress })) });

export const ReportView = z
  .object({
    queue: Queue,
    progress: Progress,
    agreement: z.array(Agreement),
    items: z.array(z.object(summary)),
  })
  .openapi('ReviewReport');
