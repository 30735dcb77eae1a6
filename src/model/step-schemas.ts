/** The data that flows through the documentation bot, each field with its limit. */
import { z } from 'zod';

/** A question may be this long; a longer text is a document, not a question. */
const QUESTION_LENGTH = 8_000;
/** So may what was said before it. */
export const TURN_LENGTH = 8_000;
/** Turns of a history, at most. */
export const HISTORY_LENGTH = 50;
/** Passages of one list, at most. */
export const LIST_LENGTH = 100;

export const Turn = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.string().max(TURN_LENGTH, 'shorten this turn of the history to 8,000 characters'),
});

export type Turn = z.output<typeof Turn>;

export const Question = z.object({
  question: z
    .string({ error: 'give the question as a text' })
    .max(QUESTION_LENGTH, 'shorten the question to 8,000 characters; longer texts belong in an index')
    .regex(/\S/, 'ask something: the question is blank'),
  history: z.array(Turn).max(HISTORY_LENGTH, 'give the last 50 turns of the conversation').optional(),
});

/** A retrievable piece of a document. Scores compare passages of one list only. */
export const Passage = z.object({
  id: z.string(),
  score: z.number(),
  text: z.string().max(4_096),
  title: z.string().optional(),
  url: z.string().optional(),
  /** The headings above the text, outermost first. */
  heading: z.array(z.string()).optional(),
});
export type Passage = z.output<typeof Passage>;

export const PassageList = z.array(Passage).max(LIST_LENGTH);
export const Passages = z.object({ passages: PassageList });
/** What a search gives. Finding nothing is an answer; a search that failed has none, and says so in its fallback value. */
export const Found = Passages.extend({ searched: z.boolean() });

/** Where `[n]` in an answer points. */
export const Citation = z.object({
  n: z.int().min(1),
  passageId: z.string(),
  title: z.string().optional(),
  url: z.string().optional(),
  heading: z.array(z.string()).optional(),
});
export type Citation = z.output<typeof Citation>;

/** What a check asks of the next draft; empty for the first. */
export const Feedback = z.object({ feedback: z.string() });

export const Answer = z.object({
  text: z.string(),
  citations: z.array(Citation),
  /** Whether every sentence was found in what it cites. */
  passed: z.boolean(),
  /** False where the documents do not say; the text then says so. */
  answered: z.boolean(),
});

/** What a bot without a check gives: nobody has looked whether it passed. */
export const WandbotAnswer = Answer.omit({ passed: true }).extend({ intents: z.array(z.string()) });
