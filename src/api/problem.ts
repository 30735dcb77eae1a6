/** Errors as RFC 9457 problem details: our code, message and remedy, with the status that fits the code. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SluiceError } from '../base/errors.ts';
import { isServerFailure, messageWithoutPlace } from '../base/server-failures.ts';
import { type ProblemStatus, TITLES } from '../contract/endpoint.ts';

interface ErrorParts {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly param?: string;
  /** The request was fine, and its run failed. */
  readonly isOfRun?: boolean;
}

export function openAiError({ status, code, detail, remedy, param, isOfRun = false }: ErrorParts) {
  const type = isOfRun ? 'run_error' : (TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'server_error'));
  return { message: `${detail}; ${remedy}`, type, param: param ?? null, code };
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [429, 'rate_limit_error'],
]);

interface ProblemParts {
  readonly status: ProblemStatus;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly data?: { readonly [key: string]: unknown };
  readonly headers?: { readonly [name: string]: string };
  /** The field of the request that is not taken as it is. */
  readonly param?: string;
  /** The request was fine, and its run gave no answer. */
  readonly isOfRun?: boolean;
}

export function problem(context: Context, parts: ProblemParts): Response {
  const { status, code, detail, remedy, data, headers = {} } = parts;
  const requestId = context.get('requestId') as string | undefined;
  const body = {
    type: `urn:sluice:${code}`,
    ...{ title: TITLES[status], status, detail, code, remedy },
    requestId: requestId ?? '',
    ...(data !== undefined && Object.keys(data).length > 0 && { data }),
    error: openAiError(parts),
  };
  return context.body(JSON.stringify(body), status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    // What stands against it stands a second later, too: OpenAI's clients would else try twice more.
    ...((status === 409 || status === 507) && { 'x-should-retry': 'false' }),
    ...headers,
  });
}

/** How long a caller should wait where it is a server that is away. */
const AWAY_SECONDS = 5;

/** What is thrown becomes its problem; what nobody meant to throw tells its reason to the log alone. */
export function problemOf(context: Context, error: unknown): Response {
  if (!(error instanceof SluiceError))
    return problem(context, {
      ...{ status: 500, code: 'internal', detail: 'the request broke the server, which has written down why' },
      remedy: 'try again; if it stays, tell whoever runs the server the request id',
    });
  const status = statusOf(error);
  const isServer = isServerFailure(error.code);
  return problem(context, {
    ...{ status, code: error.code, detail: messageWithoutPlace(error) },
    ...(isServer ? { remedy: SERVER_REMEDY } : { remedy: error.remedy, data: error.data }),
    ...(status === 503 && { headers: { 'retry-after': String(AWAY_SECONDS) } }),
  });
}

const SERVER_REMEDY = 'send it again later; if it stays, tell whoever runs the server the request id';

/** Codes whose status their name does not tell. */
const STATUS_OF: ReadonlyMap<string, ProblemStatus> = new Map([
  ['cursor_invalid', 400],
  ['limit_invalid', 400],
  ['usage', 400],
  ['PayloadTooLarge', 413],
  ['text_unstorable', 422],
  ['claim_forged', 422],
  ['input_invalid', 422],
  ['budget_invalid', 422],
  ['unit_invalid', 422],
  ['value_unfit', 422],
  ['feedback_invalid', 422],
  ['no_worker', 503],
  ['step_unregistered', 503],
  ['key_missing', 503],
  ['run_stuck', 503],
  ['variant_forbidden', 403],
  ['disk_full', 507],
]);

function statusOf({ code, retryable }: SluiceError): ProblemStatus {
  const known = STATUS_OF.get(code);
  if (known !== undefined) return known;
  if (code.endsWith('_unknown')) return 404;
  if (code.endsWith('_invalid') || code.endsWith('_ambiguous')) return 422;
  if (retryable || isServerFailure(code)) return 503;
  // What else is refused is refused for how things stand.
  return 409;
}
