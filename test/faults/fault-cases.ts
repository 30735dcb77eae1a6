/**
 * What a provider may do wrong, each with what a step's attempt is expected to fail with, and whether it is tried again.
 * The codes are those of `src/models/provider-failures.ts`.
 */
import type { Fault } from '../standin/faults.ts';

export interface FaultCase {
  readonly id: string;
  /** Providers have words of their own for the same thing. */
  readonly fault: { readonly openai: Fault; readonly cohere: Fault };
  /** Absent: the attempt succeeds all the same. A stream that breaks may be told from a body that does. */
  readonly code?: string | { readonly streamed: string; readonly whole: string };
  readonly isTriedAgain: boolean;
  /** Asks everybody who calls that model to wait: no other cell may call it meanwhile. */
  readonly holdsOthers?: true;
}

const RETRY_AFTER_MS = 1_000;

const both = (fault: Fault) => ({ openai: fault, cohere: fault });
const refusal = (status: number, code?: string): Fault => ({ kind: 'status', status, ...(code && { code }) });

/** A stream without its end was broken off; half a body is no JSON. */
const ended = { streamed: 'overloaded', whole: 'output_malformed' } as const;

export const FAULTS: readonly FaultCase[] = [
  {
    id: '429',
    fault: both({ kind: 'rate-limited', retryAfter: { seconds: RETRY_AFTER_MS / 1_000 } }),
    code: 'rate_limited',
    isTriedAgain: true,
    holdsOthers: true,
  },
  { id: '500', fault: both(refusal(500)), code: 'overloaded', isTriedAgain: true },
  { id: '503', fault: both(refusal(503)), code: 'overloaded', isTriedAgain: true },
  { id: 'hang', fault: both({ kind: 'hang' }), code: 'timeout', isTriedAgain: true },
  { id: 'stall', fault: both({ kind: 'stall', afterTokens: 3 }), code: 'timeout', isTriedAgain: true },
  { id: 'cut', fault: both({ kind: 'cut', afterTokens: 3 }), code: 'overloaded', isTriedAgain: true },
  { id: 'early-end', fault: both({ kind: 'early-end', afterTokens: 3 }), code: ended, isTriedAgain: true },
  { id: 'malformed', fault: both({ kind: 'malformed-json' }), code: 'output_malformed', isTriedAgain: true },
  { id: 'wrong-schema', fault: both({ kind: 'wrong-schema' }), code: 'output_malformed', isTriedAgain: true },
  { id: 'empty', fault: both({ kind: 'empty-body' }), code: ended, isTriedAgain: true },
  { id: 'slow', fault: both({ kind: 'slow', msPerToken: 20 }), isTriedAgain: false },
  {
    id: 'refused',
    fault: { openai: refusal(400, 'content_filter'), cohere: refusal(498) },
    code: 'content_refused',
    isTriedAgain: false,
  },
  {
    id: 'too-long',
    fault: both(refusal(400, 'context_length_exceeded')),
    code: 'context_too_long',
    isTriedAgain: false,
  },
  { id: 'bad-key', fault: both(refusal(401)), code: 'key_invalid', isTriedAgain: false },
];
