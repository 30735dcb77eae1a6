/**
 * The ways in which a call to a provider fails, each with what the host does about it and what a person can do. Adapters
 * say which one it was; nothing of the provider's own error objects goes further, since those hold headers and bodies.
 */

import type { Secret } from '../base/secret.ts';
import { StepFailure } from '../boundary/failure.ts';
import type { Config } from '../config/config.ts';
import type { Usage } from '../model/provider-call.ts';

export type ProviderFailure =
  | 'rate_limited'
  | 'quota_exhausted'
  | 'overloaded'
  | 'timeout'
  | 'content_refused'
  | 'context_too_long'
  | 'key_invalid'
  | 'output_malformed'
  | 'output_cut'
  | 'model_unknown'
  | 'request_invalid';

interface Kind {
  readonly retryable: boolean;
  readonly benign?: boolean;
  readonly remedy: (served: Served) => string;
}

const KINDS: { readonly [code in ProviderFailure]: Kind } = {
  rate_limited: {
    retryable: true,
    benign: true,
    remedy: (served) => `it is tried again later; to ask less, set SLUICE_LIMITS for ${servedName(served)}`,
  },
  quota_exhausted: { retryable: false, remedy: ({ provider }) => `raise the limit of the account at ${provider}` },
  overloaded: {
    retryable: true,
    remedy: ({ provider }) => `it is tried again; if it goes on, see ${provider}'s status`,
  },
  timeout: { retryable: true, remedy: () => 'it is tried again; if it goes on, ask for shorter replies' },
  content_refused: { retryable: false, remedy: () => 'ask something else, or another model' },
  context_too_long: { retryable: false, remedy: () => 'give it fewer or shorter passages, or a model that reads more' },
  key_invalid: { retryable: false, remedy: ({ provider }) => `set ${KEY_VARIABLES[provider]} to a key that is valid` },
  output_malformed: { retryable: true, remedy: () => 'it is tried again; if it goes on, another model may do better' },
  output_cut: { retryable: false, remedy: () => 'allow it more output tokens, or ask for less' },
  model_unknown: { retryable: false, remedy: ({ provider }) => `name a model that this key may use at ${provider}` },
  request_invalid: { retryable: false, remedy: () => 'correct what the step asks of the model' },
};

export interface FailureFacts {
  readonly status?: number;
  /** The provider's own word for it. */
  readonly providerCode?: string;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** What was paid all the same, where the provider said. */
  readonly usage?: Usage;
}

/** @param what a clause after the model's name, such as `answered 429` */
export function providerFailure(
  code: ProviderFailure,
  served: Served,
  what: string,
  facts: FailureFacts = {},
): StepFailure {
  const { retryable, benign = false, remedy } = KINDS[code];
  const { status, retryAfterMs, usage } = facts;
  // Any external text may repeat the key, also a field name or a request id.
  const hide = (text: string | undefined) => text && withoutKey(text, served.key);
  const [providerCode, requestId] = [hide(facts.providerCode), hide(facts.requestId)];
  return new StepFailure(code, {
    message: `${servedName(served)} ${hide(what)}`,
    remedy: remedy(served),
    retryable,
    benign,
    ...(retryable && retryAfterMs !== undefined && { retryAfterMs }),
    data: {
      model: servedName(served),
      ...(status !== undefined && { status }),
      ...(providerCode !== undefined && { providerCode: providerCode.slice(0, 100) }),
      ...(requestId !== undefined && { requestId }),
      ...(usage !== undefined && { usage: { ...usage } }),
    },
  });
}

/** The usage that a failure brings: a reply that was cut, refused or malformed is paid for as well. */
export function usageOfFailure(failure: StepFailure): Usage | undefined {
  const { usage } = failure.data;
  return usage as Usage | undefined;
}

/** How a served provider is reached: what every call of its adapters needs to know. */
export type ProviderSettings = Config['providers'];
export type ServedName = keyof ProviderSettings;

/** The variable that has the key. */
export const KEY_VARIABLES: { readonly [provider in ServedName]: string } = Object.freeze({
  openai: 'OPENAI_API_KEY',
  cohere: 'CO_API_KEY',
});

/** One model at one provider, with what its failure messages need. */
export interface Served {
  readonly provider: ServedName;
  readonly model: string;
  readonly key: Secret;
  readonly baseUrl: string | undefined;
}

export const servedName = ({ provider, model }: Served): string => `${provider}/${model}`;

/**
 * A provider's failure message, made safe to pass on: short, on one line, and without keys. Providers quote
 * keys (in part), prompts and whole pages of proxies; all of it would end in histories, logs and the store.
 */
const MOST_CHARACTERS = 300;
/** Cut before it is searched: a provider's answer may have megabytes. */
const READ_CHARACTERS = 4_000;
/** So much of a key is too much: any piece of this length gives the word it is in away. */
const PIECE_CHARACTERS = 8;
/** Its beginning is known by less, and its middle is often written as stars. */
const BEGINNING_CHARACTERS = 7;
const MASKED = /\*{3,}/;
const KEY_LIKE = /\b(?:sk|pk|rk|co)-[\w*.…-]{4,}|\bBearer\s+\S+|\bauthorization\b\s*[:=]\s*\S+(?:\s+\S+)?/gi;
const HIDDEN = '[key]';

export function quote(said: unknown, key: Secret): string {
  const text = (typeof said === 'string' ? said : (JSON.stringify(said) ?? '')).slice(0, READ_CHARACTERS);
  const line = withoutKey(text, key)
    .replace(KEY_LIKE, HIDDEN)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS).toWellFormed()}…`;
}

/**
 * The text with every word hidden that contains any piece of the key. A shorter key than
 * such a piece is none: it is what servers are given that ask for no key, and may be part of any word.
 */
function withoutKey(text: string, key: Secret): string {
  const whole = key.reveal();
  const pieces = Array.from({ length: Math.max(0, whole.length - PIECE_CHARACTERS + 1) }, (_, at) =>
    whole.slice(at, at + PIECE_CHARACTERS),
  );
  const known = pieces.length === 0 ? [] : [whole.slice(0, BEGINNING_CHARACTERS), ...pieces];
  return (pieces.length === 0 ? text : text.replaceAll(whole, HIDDEN)).replace(/\S+/g, (word) =>
    MASKED.test(word) || known.some((piece) => word.includes(piece)) ? HIDDEN : word,
  );
}

/**
 * What an HTTP refusal means. The providers share most statuses; where one says more by a code or by its words (a quota
 * that waiting does not refill, a prompt that is too long), that decides.
 */
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

/** More is not believed: a clock that is wrong, or a unit that was mistaken. */
const MOST_MS = 86_400_000;

interface HeaderBag {
  get(name: string): string | null;
}

/**
 * Of `retry-after-ms`, else of `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
 *
 * @returns milliseconds from now, 0 for a time that has passed; undefined where nothing is asked
 */
export function retryAfterMs(headers: HeaderBag, nowMs: number = Date.now()): number | undefined {
  const milliseconds = numberIn(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return bounded(milliseconds);
  const given = headers.get('retry-after')?.trim();
  if (given === undefined || given === '') return undefined;
  const seconds = numberIn(given);
  if (seconds !== undefined) return bounded(seconds * 1_000);
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : bounded(date - nowMs);
}

const numberIn = (text: string | null): number | undefined =>
  text !== null && /^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;

const bounded = (milliseconds: number): number => Math.ceil(Math.min(Math.max(milliseconds, 0), MOST_MS));
