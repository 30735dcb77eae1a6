/** Feedback: what people say of an answer. */
import { z } from 'zod';

const MOST_FIELDS = 20;
const text = (characters: number) => z.string().trim().min(1).max(characters);

/** What may be said of an answer; at least one thing. */
export const Feedback = z
  .strictObject({
    thumb: z.enum(['up', 'down']).optional(),
    score: z.number().min(-1_000_000).max(1_000_000).optional(),
    note: text(4_000).optional(),
    emoji: text(32).optional(),
    /** Further questions that the project asks people. */
    fields: z
      .record(text(64), z.union([z.string().max(1_000), z.number(), z.boolean()]))
      .refine((fields) => Object.keys(fields).length <= MOST_FIELDS, `at most ${MOST_FIELDS} fields`)
      .optional(),
  })
  .refine(
    (said) => Object.values(said).some((value) => value !== undefined),
    'say something: a thumb, a score, a note',
  );
export type Feedback = z.input<typeof Feedback>;
