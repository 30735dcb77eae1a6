/**
 * Checks what goes into a step and what comes out of it by the step's own schemas. Wrong data is a fault of the
 * pipeline or of the step, which no further attempt can mend, so every refusal is final.
 */
import { z } from 'zod';
import type { Json } from '../plan/plan.ts';
import type { Wrapper } from './attempt.ts';
import { StepFailure } from './failure.ts';

export const checkSchemas: Wrapper = async (attempt, next) => {
  const { step, key } = attempt;
  const input = parse(
    step.input,
    attempt.input,
    'StepInputInvalid',
    `the input of '${key}' (${step.name}@${step.version})`,
  );
  const output = await next({ ...attempt, input });
  return parse(step.output, output, 'StepOutputInvalid', `the output of '${key}' (${step.name}@${step.version})`);
};

const REMEDIES = {
  StepInputInvalid: 'correct the wiring, or the input schema of the step',
  StepOutputInvalid: 'correct what the step returns, or its output schema (and its version)',
  StepConfigInvalid: 'raise the version of a step whose config changes, and keep the old one while plans call it',
} as const;

export function parse(schema: z.ZodType, value: Json, code: keyof typeof REMEDIES, what: string): Json {
  const parsed = schema.safeParse(value);
  // Step schemas are JSON-faithful (defineStep refuses others), so what they give is JSON.
  if (parsed.success) return parsed.data as Json;
  throw new StepFailure(code, {
    message: `${what} does not fit its schema: ${z.prettifyError(parsed.error)}`,
    remedy: REMEDIES[code],
    retryable: false,
    data: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message })) },
  });
}
