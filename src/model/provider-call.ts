/**
 * What every call to a model of any provider has in common: for whom it is made, how it is stopped, and what it used.
 * Adapters make calls and nothing else; money, rate limits and budgets are put around them (`metered.ts`), so that no
 * adapter can forget them.
 */

/** Serving has priority over evaluation when calls wait for a rate limit. */
export type Priority = 'serving' | 'evaluation';

/** The attempt that a call belongs to: a step's context has all of it. */
export interface ProviderCall {
  readonly runId: string;
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  /** From 1. */
  readonly attempt: number;
  /** The same for every attempt at one node run: sent to providers that take one. */
  readonly idempotencyKey: string;
  /** Reaches the socket: an aborted call is closed, not left behind. */
  readonly signal: AbortSignal;
  readonly priority: Priority;
}

/** What the provider itself says it counted. Null where it does not say: unknown is never 0. */
export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Part of `inputTokens` that was cheaper because the provider had it already. */
  readonly cachedInputTokens?: number;
  /** What rerankers are paid by. */
  readonly searchUnits?: number;
}

/**
 * What every reply brings in addition to its content. A call that fails after its usage has arrived was paid for all the
 * same: its StepFailure has both in its data, as `usage` and `requestId`.
 */
export interface Reply {
  readonly usage: Usage;
  /** The provider's own id of the request, for its support. */
  readonly requestId?: string;
}

/** Models are named `provider/model`; the model's own name may hold further slashes. */
export interface ModelName {
  readonly provider: 'openai' | 'cohere' | 'local';
  readonly model: string;
}
