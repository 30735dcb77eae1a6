/**
 * How a step says that a call failed: a code, whether trying again can help, and when. The boundary turns it into
 * Temporal's own failure; other hosts read the same fields.
 */
import { type ErrorParts, SluiceError } from '../base/errors.ts';

export interface StepFailureParts extends ErrorParts {
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;
  /** Do not try again sooner than this (a provider's `Retry-After`), in milliseconds. */
  readonly retryAfterMs?: number;
  /** Expected in normal operation (rate limits, a draft that failed its check): kept out of error logs and alarms. */
  readonly benign?: boolean;
}

/**
 * A call that failed, with what the host needs to decide about the next attempt.
 *
 * @example
 * throw new StepFailure('rate_limited', { message: 'cohere answered 429', remedy: 'lower SLUICE_LIMITS', retryable: true, retryAfterMs: 20_000, benign: true });
 */
export class StepFailure extends SluiceError {
  override readonly name = 'StepFailure';
  readonly retryAfterMs: number | undefined;
  readonly benign: boolean;

  constructor(code: string, parts: StepFailureParts) {
    super(code, parts);
    this.retryAfterMs = parts.retryAfterMs;
    this.benign = parts.benign ?? false;
  }
}

/**
 * A message may quote a provider's whole answer, and an error is repeated by every node that waited for it, by the
 * record and by the caller: so it is cut where it arises.
 */
const MESSAGE_CHARACTERS = 4_000;
const DATA_BYTES = 16_384;

export function cut(text: string): string {
  const rest = text.length - MESSAGE_CHARACTERS;
  return rest <= 0 ? text : `${text.slice(0, MESSAGE_CHARACTERS)} (and ${rest} characters more)`;
}

export function smallData(data: SluiceError['data']): SluiceError['data'] {
  const bytes = Buffer.byteLength(JSON.stringify(data));
  return bytes <= DATA_BYTES ? data : { left_out: `${bytes} bytes of data, ${DATA_BYTES} are kept` };
}
