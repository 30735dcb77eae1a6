/** The official client of Cohere, and what its errors mean. */
import type { CohereClient, CohereError } from 'cohere-ai';
import type { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall } from '../model/provider-call.ts';
import { explainRefusal } from './explain-status.ts';
import { providerFailure } from './failures.ts';
import { createFetch, REPLY_LIMIT_MS } from './http.ts';
import { quote } from './quote.ts';
import type { Served } from './settings.ts';

export type LoadCohere = () => Promise<CohereClient['v2']>;

/** One client, made when the first call needs it: loading the SDK takes longer than most commands. */
export function createCohereClient({ key, baseUrl }: Pick<Served, 'key' | 'baseUrl'>): LoadCohere {
  let client: Promise<CohereClient> | undefined;
  return async () => {
    client ??= import('cohere-ai').then(
      ({ CohereClient }) =>
        new CohereClient({
          token: key.reveal(),
          environment: baseUrl ?? 'https://api.cohere.com',
          clientName: 'sluice',
          // Temporal retries, and knows of it.
          maxRetries: 0,
          timeoutInSeconds: REPLY_LIMIT_MS / 1_000,
          fetch: failingInBody(createFetch()),
        }),
    );
    return (await client).v2;
  };
}

/**
 * The SDK clears the timer of a request only when `fetch` resolves; one that was left keeps the process alive. So what
 * `fetch` rejects with is met where the reply's body is read, which the SDK treats alike.
 */
function failingInBody(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (...request) =>
    fetch(...request).catch(
      (error: unknown) => new Response(new ReadableStream({ start: (body) => body.error(error) })),
    );
}

export const cohereOptions = ({ signal }: ProviderCall) => ({ abortSignal: signal, maxRetries: 0 });

/** Undefined for what is not the provider's doing. */
export function explainCohere(served: Served): (error: unknown) => StepFailure | undefined {
  return (error) => {
    if (error instanceof Error && error.constructor.name === 'CohereTimeoutError')
      return providerFailure('timeout', served, 'did not answer');
    // Where a body is JSON, but not what the SDK builds its own objects from.
    if (error instanceof Error && error.constructor.name === 'ParseError')
      return providerFailure(
        'output_malformed',
        served,
        `sent what is no reply of its protocol: ${quote(error.message, served.key)}`,
      );
    if (!isCohereError(error) || error.statusCode === undefined) return undefined;
    const { statusCode, body, rawResponse } = error;
    const { message, id } = (typeof body === 'object' && body !== null ? body : {}) as {
      message?: unknown;
      id?: unknown;
    };
    return explainRefusal(served, {
      status: statusCode,
      codes: [],
      message: message ?? body,
      headers: rawResponse?.headers,
      requestId: typeof id === 'string' ? id : undefined,
    });
  };
}

/** By shape: the class itself is loaded only with the SDK. */
const isCohereError = (error: unknown): error is CohereError =>
  error instanceof Error && ('statusCode' in error || 'rawResponse' in error);
