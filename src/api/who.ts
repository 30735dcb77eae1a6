/** Who changes something, and why: what the audit keeps of it. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ServerEnv } from './environment.ts';

const WHY_LENGTH = 1_000;

export const Why = z
  .string()
  .trim()
  .min(1)
  .max(WHY_LENGTH)
  .openapi({ description: 'The reason, for the audit', example: 'wins in the evaluation of this week' });

export const actor = (context: Context<ServerEnv>): string => `key:${context.var.caller.name}`;
