/** Errors as RFC 9457 problem details: our code, message and remedy, with the status that fits the code. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SluiceError } from '../base/errors.ts';
import { isServerFailure, messageWithoutPlace } from '../base/server-failures.ts';

/**
 * The `error` that OpenAI's clients look for in what refuses them. Every problem has one besides (RFC 9457 allows further
 * members), since they also ask for models, send feedback, and go to paths that are not here.
 */
const OpenAiError = z
  .object({
    message: z.string().openapi({ description: 'What failed, why, and what to do about it' }),
    type: z.string().openapi({ example: 'invalid_request_error' }),
    param: z.string().nullable().openapi({ description: 'The field that is not taken as it is' }),
    code: z.string().nullable(),
  })
  .openapi('OpenAiError', { description: "The same for OpenAI's clients" });

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

const Problem = z
  .object({
    type: z.string().openapi({ description: 'A name for this kind of problem', example: 'urn:sluice:run_unknown' }),
    title: z.string().openapi({ description: 'What the status means' }),
    status: z.int().min(400).max(599),
    detail: z.string().openapi({ description: 'What failed, and why' }),
    code: z.string().openapi({ description: 'For programs', example: 'run_unknown' }),
    remedy: z.string().openapi({ description: 'What to do about it' }),
    requestId: z.string(),
    data: z.record(z.string(), z.unknown()).optional().openapi({ description: 'The facts, for programs' }),
    error: OpenAiError,
  })
  .openapi('Problem');

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503 | 507;

const TITLES: { readonly [Status in ProblemStatus]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
};

/** For a route's `responses`: what a route may refuse with, besides what each may. */
export function problems<const Status extends ProblemStatus>(...statuses: readonly Status[]) {
  const all = new Set<ProblemStatus>([...ALWAYS, ...statuses]);
  const content = { 'application/problem+json': { schema: Problem } };
  return Object.fromEntries([...all].map((status) => [status, { description: TITLES[status], content }])) as {
    readonly [S in Status | (typeof ALWAYS)[number]]: { description: string; content: typeof content };
  };
}

/** Of every route: a key is asked, requests are counted, servers may be away, and their disk full. */
const ALWAYS = [400, 401, 403, 429, 500, 503, 507] as const;

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
