/** `Idempotency-Key`: the same key, of the same owner, is the same run. Another owner's is another run. */
import { z } from '@hono/zod-openapi';
import type { Caller } from './environment.ts';

export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'use 1 to 255 printable characters without spaces')
    .optional()
    .openapi({ description: 'A repeated request with the same key gets the answer of the first' }),
});

/** What the run remembers: the name of the owner stands before it, and has no slash. */
export const ownKey = ({ owner }: Caller, key: string): string => `${owner}/${key}`;
