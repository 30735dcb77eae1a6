/** What beginning a review queue takes. */
import { z } from 'zod';
import { REVIEW_LIMITS } from './review-queue.ts';

const { items, reviewers, questionLength, guidelinesLength, noteLength } = REVIEW_LIMITS;
const LARGEST_SEED = 2 ** 31 - 1;
const text = (most: number) => z.string().trim().min(1).max(most);

/** What beginning a queue takes, from whoever asks for it. */
export const QueueName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "it is no name: up to 100 letters, digits, '.', '_' and '-'");

export const NewReview = z.strictObject({
  name: QueueName,
  /** Its id, or the beginning of it. */
  evaluation: z.string().regex(/^[A-Za-z0-9_.-]{1,200}$/, 'it is no id of an evaluation'),
  scorer: text(200),
  /** Answers, at least: whole examples are drawn. */
  sample: z.int().min(1).max(items).default(50),
  seed: z.int().min(0).max(LARGEST_SEED).default(1),
  reviewers: z.int().min(reviewers.least).max(reviewers.most).default(reviewers.usual),
  question: text(questionLength).optional(),
  guidelines: text(guidelinesLength).optional(),
  /** Only what nobody has labelled yet. */
  unlabelled: z.boolean().default(false),
});
export type NewReview = z.input<typeof NewReview>;

/** What is said beside a review, and why something is done. */
export const ReviewNote = text(noteLength);
