/**
 * What can go wrong, as data, and which requests it goes wrong for. A fault is drawn when a request comes; `answer.ts`
 * and `deliver.ts` act on it.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { matchesRoute } from './record.ts';
import type { FaultWhen, RouteName } from './stand-in.ts';

export type Fault =
  /** 429. With `retryAfter` in one of its three written forms; `quota` is the kind that waiting does not cure. */
  | { readonly kind: 'rate-limited'; readonly retryAfter?: RetryAfter; readonly quota?: boolean }
  /** A refusal with the provider's body for it; `code` names one of several (see `openai-errors.ts`). */
  | { readonly kind: 'status'; readonly status: number; readonly code?: string; readonly retryAfter?: RetryAfter }
  /** The request is read, and nothing ever comes back. */
  | { readonly kind: 'hang' }
  /** The stream (or half of a JSON body) comes, then nothing more, with the connection open. */
  | { readonly kind: 'stall'; readonly afterTokens?: number }
  /** The connection is destroyed there. */
  | { readonly kind: 'cut'; readonly afterTokens?: number }
  /** The stream ends well-formed there, but without its finish marker, usage and terminator. */
  | { readonly kind: 'early-end'; readonly afterTokens?: number }
  /** A 200 that is not JSON: the body (default), or the reply's text where JSON was asked for. */
  | { readonly kind: 'malformed-json'; readonly where?: 'body' | 'reply' }
  /** JSON that does not fit: the reply's text where JSON was asked for (default there), or the body. */
  | { readonly kind: 'wrong-schema'; readonly where?: 'body' | 'reply' }
  /** A pause before each token (before the body, where the reply is not streamed). */
  | { readonly kind: 'slow'; readonly msPerToken: number }
  | { readonly kind: 'empty-body' }
  /** A reply of at least so many bytes. */
  | { readonly kind: 'large-body'; readonly bytes: number };

export type RetryAfter =
  | { readonly seconds: number }
  /** As an HTTP date, so many seconds ahead; dates know no less than a second. */
  | { readonly dateInSeconds: number }
  /** As `retry-after-ms`, which OpenAI's SDK knows. */
  | { readonly ms: number };

export interface FaultAsked {
  readonly route: RouteName;
  readonly model: string | null;
  readonly schema: string | null;
  /** All texts of the request. */
  readonly text: string;
}

export interface Faults {
  add(fault: Fault, when: FaultWhen): void;
  draw(asked: FaultAsked): Fault | null;
  clear(): void;
}

export function createFaults(seed: number): Faults {
  const random = xoroshiro128plus(seed);
  const rules: { readonly fault: Fault; readonly when: FaultWhen; left: number; skip: number }[] = [];
  return {
    add(fault, when) {
      const left = when.times === 'always' ? Infinity : (when.times ?? (when.probability === undefined ? 1 : Infinity));
      rules.push({ fault, when, left, skip: when.skip ?? 0 });
    },
    clear: () => void rules.splice(0),
    draw(asked) {
      for (const rule of rules) {
        if (rule.left <= 0 || !matchesAsked(rule.when, asked)) {
          continue;
        }
        if (rule.skip > 0) {
          rule.skip -= 1;
          continue;
        }
        if (rule.when.probability !== undefined && uniformFloat64(random) >= rule.when.probability) {
          continue;
        }
        rule.left -= 1;
        return rule.fault;
      }
      return null;
    },
  };
}

export function matchesAsked(match: FaultWhen, asked: FaultAsked): boolean {
  return (
    matchesRoute(match.route, asked.route) &&
    (match.model === undefined || match.model === asked.model) &&
    (match.contains === undefined || asked.text.includes(match.contains)) &&
    (match.schema === undefined || match.schema === asked.schema)
  );
}

/** The header of a `Retry-After`, in the form that was asked for. */
export function retryAfterHeaders(after: RetryAfter | undefined): { readonly [name: string]: string } {
  if (after === undefined) {
    return {};
  }
  if ('seconds' in after) {
    return { 'retry-after': String(after.seconds) };
  }
  if ('ms' in after) {
    return { 'retry-after-ms': String(after.ms) };
  }
  return { 'retry-after': new Date(Math.ceil(Date.now() / 1000 + after.dateInSeconds) * 1000).toUTCString() };
}
