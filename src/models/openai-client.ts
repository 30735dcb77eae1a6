/** The official client of OpenAI and of every server that speaks its protocol, and what its errors mean. */
import { createHash } from 'node:crypto';
import type { APIError, OpenAI } from 'openai';
import type { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall } from '../model/provider-call.ts';
import { explainRefusal } from './explain-status.ts';
import { providerFailure } from './failures.ts';
import { createFetch, REPLY_LIMIT_MS } from './http.ts';
import type { Served } from './settings.ts';

const HEADER_CHARACTERS = 200;

export type LoadOpenAi = () => Promise<OpenAI>;

/** One client, made when the first call needs it: loading the SDK takes longer than most commands. */
export function createOpenAiClient({ key, baseUrl }: Pick<Served, 'key' | 'baseUrl'>): LoadOpenAi {
  let client: Promise<OpenAI> | undefined;
  return () => {
    client ??= import('openai').then(
      ({ OpenAI }) =>
        new OpenAI({
          apiKey: key.reveal(),
          baseURL: baseUrl ?? 'https://api.openai.com/v1',
          // Else taken from variables that are not Sluice's settings.
          organization: null,
          project: null,
          adminAPIKey: null,
          webhookSecret: null,
          // Temporal retries, and knows of it.
          maxRetries: 0,
          timeout: REPLY_LIMIT_MS,
          fetch: createFetch(),
          // It would print replies that it cannot parse.
          logLevel: 'off',
        }),
    );
    return client;
  };
}

/** The SDK's own `idempotencyKey` option sends no header. */
export function requestOptions({ signal, idempotencyKey }: ProviderCall, body: object) {
  return { signal, headers: { 'Idempotency-Key': idempotencyHeader(idempotencyKey, body) } };
}

/** The same for the same request of a node run, whatever the attempt; a step that asks twice has two. */
function idempotencyHeader(nodeRun: string, body: object): string {
  const asked = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16);
  return `${encodeURIComponent(nodeRun).slice(0, HEADER_CHARACTERS)}:${asked}`;
}

/** Undefined for what is not the provider's doing. */
export function explainOpenAi(served: Served): (error: unknown) => StepFailure | undefined {
  return (error) => {
    if (!isApiError(error)) return undefined;
    if (error.name === 'APIConnectionTimeoutError' || error.constructor.name === 'APIConnectionTimeoutError')
      return providerFailure('timeout', served, 'did not answer');
    if (error.constructor.name === 'APIConnectionError') return undefined;
    const { status, code, type, headers, requestID } = error;
    const body = error.error as { readonly message?: unknown } | undefined;
    return explainRefusal(served, {
      status,
      codes: [code, type].filter((each): each is string => typeof each === 'string'),
      message: body?.message ?? error.message,
      headers,
      requestId: requestID ?? undefined,
    });
  };
}

/** By shape: the class itself is loaded only with the SDK. */
const isApiError = (error: unknown): error is APIError =>
  error instanceof Error && 'requestID' in error && 'status' in error && 'headers' in error;
