/**
 * The ways in which a call to a provider fails, each with what the host does about it and what a person can do. Adapters
 * say which one it was; nothing of the provider's own error objects goes further, since those hold headers and bodies.
 */
import { StepFailure } from '../boundary/failure.ts';
import type { Usage } from '../model/provider-call.ts';
import { withoutKey } from './quote.ts';
import { KEY_VARIABLES, type Served, servedName } from './settings.ts';

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
  // Whatever comes from outside may repeat the key: also in a name of a field, or in the id of a request.
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
