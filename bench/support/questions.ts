/**
 * The question set over the documentation of the npm package `ai`: questions with the pages that answer them, split in
 * two halves. Figures for tuning come from `dev`; `final` is for the end. Its rules are in `pipelines/datasets/README.md`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const DOCS_FOLDER = join(import.meta.dirname, '../../node_modules/ai/docs');
/** A tenth of it, for benchmarks in short. */
export const DOCS_PART = join(DOCS_FOLDER, '03-ai-sdk-core');
const QUESTIONS_FILE = join(import.meta.dirname, '../../pipelines/datasets/ai-docs.jsonl');
/** More questions for tuning when to decline, half of them without an answer; none is in a half of the set. */
export const TUNING_FILE = join(import.meta.dirname, '../../pipelines/datasets/ai-docs-tuning.jsonl');

export const HALVES = ['dev', 'final'] as const;
export type Half = (typeof HALVES)[number];

/** 3: the page answers by itself. 2: it answers as a part of something wider. 1: it helps, and leaves work. */
const Grade = z.int().min(1).max(3);

const QuestionRow = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  input: z.strictObject({ question: z.string().min(1).max(500) }),
  /** The answer is a reference for scorers, where one was written. */
  expected: z.strictObject({ answerable: z.boolean(), answer: z.string().min(1).max(600).optional() }),
  /** Grades by document id; a passage counts as the document it is from. */
  relevant: z.record(z.string(), Grade).optional(),
  tags: z.array(z.string()),
});
export type QuestionRow = z.output<typeof QuestionRow>;

/**
 * Reads the set, in its order.
 *
 * @throws ZodError where a line is no question
 */
export function readQuestions(file = QUESTIONS_FILE): readonly QuestionRow[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => QuestionRow.parse(JSON.parse(line)));
}

export const isInHalf = ({ tags }: QuestionRow, half: Half): boolean => tags.includes(half);
