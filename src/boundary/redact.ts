/**
 * Takes out of what a step gives, and of what it fails with, what the rules name: before that leaves the activity, and so
 * before the history, the record or anybody else has it. What comes in has been redacted by whoever sent it.
 */
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import { fitToSchema } from '../redaction/fit.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import type { Wrapper } from './attempt.ts';
import { StepFailure } from './failure.ts';

/** Within the claim check, as what is set aside is kept, too; around the schemas, as their messages quote what they refuse. */
export function redactResults(redaction: Redaction = NO_REDACTION): Wrapper {
  if (!redaction.isOn) return (attempt, next) => next(attempt);
  return async (attempt, next) => {
    const { step, key } = attempt;
    const heartbeat: typeof attempt.heartbeat = (progress) =>
      // The server keeps what was told last.
      attempt.heartbeat(typeof progress === 'string' ? redaction.text(progress) : progress);
    try {
      const output = await next({ ...attempt, heartbeat });
      const what = `the output of '${key}' (${step.name}@${step.version})`;
      return fitToSchema(step.output, output, redaction.json(output), what);
    } catch (error) {
      throw redactError(redaction, error);
    }
  };
}

/** The same failure, as far as hosts can tell, and nothing of what it was made of: causes stay behind. */
function redactError(redaction: Redaction, error: unknown): Error {
  if (error instanceof SluiceError) return redactOurs(redaction, error);
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const copy = new Error(redaction.text(message));
  copy.name = name;
  copy.stack = redaction.text(stack);
  return copy;
}

function redactOurs({ text, json }: Redaction, error: SluiceError): SluiceError {
  const parts = {
    ...{ message: text(error.message), remedy: text(error.remedy), retryable: error.retryable },
    data: json(error.data) as { readonly [key: string]: Json },
  };
  if (!(error instanceof StepFailure)) return new SluiceError(error.code, parts);
  const { retryAfterMs, benign } = error;
  return new StepFailure(error.code, { ...parts, benign, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
