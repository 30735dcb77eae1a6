/**
 * What an HTTP refusal means. The providers share most statuses; where one says more by a code or by its words (a quota
 * that waiting does not refill, a prompt that is too long), that decides.
 */
import type { StepFailure } from '../boundary/failure.ts';
import { type ProviderFailure, providerFailure } from './failures.ts';
import { quote } from './quote.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Served } from './settings.ts';

export interface Refusal {
  /** Undefined for an error that came inside a stream. */
  readonly status: number | undefined;
  /** The provider's codes and types, as far as it gives any. */
  readonly codes: readonly string[];
  /** In its own words. */
  readonly message: unknown;
  readonly headers: { get(name: string): string | null } | undefined;
  readonly requestId?: string | undefined;
}

const BY_CODE: readonly (readonly [RegExp, ProviderFailure])[] = [
  [/^(?:insufficient_quota|billing_hard_limit_reached|billing_not_active|access_terminated)$/, 'quota_exhausted'],
  [/^(?:context_length_exceeded|string_above_max_length)$/, 'context_too_long'],
  [/^(?:content_policy_violation|content_filter|invalid_prompt|moderation_blocked)$/, 'content_refused'],
  [/^(?:model_not_found)$/, 'model_unknown'],
  [/^(?:invalid_api_key|account_deactivated|invalid_organization)$/, 'key_invalid'],
  [/^(?:rate_limit_exceeded)$/, 'rate_limited'],
];

/** Words that Cohere and compatible servers use where OpenAI has a code. */
const BY_WORDS: readonly (readonly [statuses: readonly number[], RegExp, ProviderFailure])[] = [
  [[429, 402], /calls? (?:\/|per|a) month|monthly|billing limit/i, 'quota_exhausted'],
  // Larger than the limit of a whole minute: no waiting helps.
  [[429], /request too large/i, 'context_too_long'],
  [
    [400, 413, 422],
    /too many tokens|maximum context length|context (?:length|window)|prompt is too long/i,
    'context_too_long',
  ],
  [[400, 422], /blocked (?:input|output|content)|content (?:policy|filter)|safety/i, 'content_refused'],
  [[400, 422], /\bmodel\b.*(?:not found|does not exist|not supported)/i, 'model_unknown'],
];

function byStatus(status: number): ProviderFailure {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'key_invalid';
  if (status === 402) return 'quota_exhausted';
  if (status === 404) return 'model_unknown';
  if (status === 408 || status === 504) return 'timeout';
  // Cohere's, for input or output that it blocks.
  if (status === 498) return 'content_refused';
  // 409: another request holds what is needed; 499: something between closed the connection.
  if (status === 409 || status === 499 || status >= 500) return 'overloaded';
  return 'request_invalid';
}

export function explainRefusal(served: Served, refusal: Refusal): StepFailure {
  const { status, codes, message, headers, requestId } = refusal;
  const said = quote(message, served.key);
  const code = codes.find((each) => BY_CODE.some(([pattern]) => pattern.test(each)));
  const byCode = code === undefined ? undefined : BY_CODE.find(([pattern]) => pattern.test(code))?.[1];
  const words = typeof message === 'string' ? message.slice(0, 2_000) : said;
  const byWords = BY_WORDS.find(([statuses, pattern]) => statuses.includes(status ?? 0) && pattern.test(words))?.[2];
  const kind = byCode ?? byWords ?? (status === undefined ? 'overloaded' : byStatus(status));
  const what = status === undefined ? 'broke off its reply with an error' : `answered ${status}`;
  const providerCode = code ?? codes[0];
  return providerFailure(kind, served, said === '' ? what : `${what}: ${said}`, {
    ...(status !== undefined && { status }),
    ...(providerCode !== undefined && { providerCode }),
    requestId,
    retryAfterMs: headers && retryAfterMs(headers),
  });
}
