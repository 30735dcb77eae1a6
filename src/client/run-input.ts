/**
 * What a caller sends is checked before anything is started: by the pipeline's own schema, for text the database cannot
 * hold, and for size. So a refusal is immediate, names the field, and leaves no trace behind.
 */

import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import { fitToSchema } from '../redaction/fit.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { payloadTooLarge, REFUSE_ABOVE_BYTES, refuseForged } from '../store/claims.ts';
import type { RunBudget } from '../store/runs.ts';
import { unstorablePath } from '../store/storable.ts';

const SHOWN_ISSUES = 5;

/**
 * @throws SluiceError `input_invalid`, `PayloadTooLarge` or `claim_forged`.
 */
export function checkRunInput(pipeline: string, schema: z.ZodType, input: unknown): Json {
  const parsed = schema.safeParse(input);
  if (!parsed.success)
    throw new SluiceError('input_invalid', {
      message: `the input does not fit '${pipeline}': ${describe(parsed.error)}`,
      remedy: 'correct what is named; sluice plan show has the schema with --json',
      data: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message })) },
    });
  const value = parsed.data as Json;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > REFUSE_ABOVE_BYTES) throw payloadTooLarge(`the input of '${pipeline}'`, bytes);
  refuseForged(value, `the input of '${pipeline}'`);
  const where = unstorablePath(value);
  if (where !== undefined)
    throw new SluiceError('input_invalid', {
      message: `the input of '${pipeline}' holds a NUL character or half a surrogate pair at '${where || 'the top'}'`,
      remedy: 'clean the text: it was probably cut, or decoded by the wrong encoding',
      data: { field: where },
    });
  return value;
}

/**
 * The input as it is stored and sent to workers: nothing else of it leaves this process.
 *
 * @param input by `checkRunInput`
 * @throws SluiceError `redaction_unfit`
 */
export function redactInput(redaction: Redaction, pipeline: string, schema: z.ZodType, input: Json): Json {
  if (!redaction.isOn) return input;
  return fitToSchema(schema, input, redaction.json(input), `the input of '${pipeline}'`);
}

/** `question: ask something; history.0.role: …`, the first few. */
function describe({ issues }: z.ZodError): string {
  const shown = issues
    .slice(0, SHOWN_ISSUES)
    .map(({ path, message }) => [z.core.toDotPath(path) || 'the top', message].join(': '));
  const more = issues.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/**
 * Units as search attributes show them: everybody who may look at the Temporal UI sees those, so they are not who they stand
 * for. The same unit and key give the same value.
 */
const SHOWN_DIGITS = 16;

export type HideUnit = (unit: string) => Promise<string>;

/** @param key of the project, as its workers and callers share it */
export function createHideUnit(key: () => Promise<string>): HideUnit {
  return async (unit) =>
    createHmac('sha256', await key())
      .update(`unit\0${unit}`)
      .digest('hex')
      .slice(0, SHOWN_DIGITS);
}

/** What a caller allows a run to take is checked before anything is started. */
const Budget = z.strictObject({
  usd: z.number().positive().max(1_000_000).optional(),
  tokens: z.int().positive().optional(),
  deadlineMs: z.int().positive().max(86_400_000).optional(),
});

/**
 * @returns null where nothing is limited
 * @throws SluiceError `budget_invalid`
 */
export function checkBudget(given: RunBudget): RunBudget | null {
  const parsed = Budget.safeParse(given);
  if (!parsed.success)
    throw new SluiceError('budget_invalid', {
      message: `the run's budget is not valid: ${z.prettifyError(parsed.error)}`,
      remedy: 'give { usd, tokens, deadlineMs }, each above 0, or leave it out',
    });
  const { usd, tokens, deadlineMs } = parsed.data;
  if (usd === undefined && tokens === undefined && deadlineMs === undefined) return null;
  return Object.freeze({
    ...(usd !== undefined && { usd }),
    ...(tokens !== undefined && { tokens }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
}
