/**
 * Every failure a user can meet has the same three parts: what failed (by name), why, and what to do about it. The
 * parts are data, so that a terminal, an HTTP answer and a test can each show them in their own way.
 */
import type { Json } from './json.ts';

export interface ErrorParts {
  /** What failed and why, as one sentence that names the thing. */
  readonly message: string;
  /** What to do: a command, a setting, or an edit. */
  readonly remedy: string;
  /** Whether the same call may succeed if made again: an unreachable server, say. Default false. */
  readonly retryable?: boolean;
  /** The facts, for programs. */
  readonly data?: { readonly [key: string]: Json };
  readonly cause?: unknown;
}

/**
 * An error with a stable code, a message and a remedy.
 *
 * @example
 * throw new SluiceError('index_unknown', { message: "there is no index 'doc'", remedy: "did you mean 'docs'?" });
 */
export class SluiceError extends Error {
  override readonly name: string = 'SluiceError';
  readonly code: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly data: { readonly [key: string]: Json };

  constructor(code: string, parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.remedy = parts.remedy;
    this.retryable = parts.retryable ?? false;
    this.data = parts.data ?? {};
  }
}

/** A mistake in how a step, pipeline or variant is written: found while the definition runs, before anything starts. */
export class DefinitionError extends SluiceError {
  override readonly name = 'DefinitionError';
}
