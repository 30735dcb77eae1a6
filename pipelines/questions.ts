/** The questions that the documentation bots are measured on; where they come from is in `datasets/README.md`. */
import { z } from 'zod';
import { defineDataset } from '../src/index.ts';
import { Question } from '../src/steps/index.ts';

export const aiDocs = defineDataset('ai-docs', {
  input: Question,
  expected: z.object({
    /** Whether the documents answer it at all. */
    answerable: z.boolean(),
    answer: z.string().optional(),
  }),
  source: 'datasets/ai-docs.jsonl',
});
