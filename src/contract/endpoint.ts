/** How an operation of the HTTP API is declared, and the schemas that several of them share. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Json } from '../plan/plan.ts';
import type { Scope } from '../store/api-keys.ts';
import type { EndpointName } from './paths.ts';

// Gives schemas their `openapi` method, so it runs before any of them is made.
extendZodWithOpenApi(z);

export { z };

interface Content {
  readonly [mediaType: string]: { readonly schema: z.ZodType };
}

export interface Endpoint {
  readonly tags: string[];
  readonly summary: string;
  readonly description?: string;
  /** A key needs one of them. Empty: no key is needed. */
  readonly scopes: readonly Scope[];
  /** A request without a key is answered, too. */
  readonly isKeyOptional?: boolean;
  /** Not in the OpenAPI document: for the dashboard alone. */
  readonly hide?: boolean;
  readonly request?: {
    readonly params?: z.ZodObject;
    readonly query?: z.ZodObject;
    readonly headers?: z.ZodObject;
    readonly body?: { readonly content: { 'application/json': { schema: z.ZodType } }; readonly required: true };
  };
  readonly responses: {
    readonly [status: number]: {
      readonly description: string;
      readonly content?: Content;
      readonly headers?: z.ZodObject;
    };
  };
}

/** A part of the table. */
export type Endpoints = { readonly [Name in EndpointName]?: Endpoint };

export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { 'application/json': { schema } },
  required: true as const,
});

/** For `responses`: JSON of this schema. */
export const jsonAnswer = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A schema that checks the outline of what the program's own type describes in full. */
export const outlineOf = <T>(schema: z.ZodType): z.ZodType<T> => schema as z.ZodType<T>;

/** An event as the document shows it: `data` is JSON, of the schema that is registered by this name. */
export const eventOf = (name: string) =>
  z.object({
    event: z.string().optional(),
    id: z.string().optional(),
    data: z.string().openapi({ description: `JSON, as the schema ${name} has it` }),
  });

export const EVENT_STREAM = 'text/event-stream';

const WHY_LENGTH = 1_000;

export const Why = z
  .string()
  .trim()
  .min(1)
  .max(WHY_LENGTH)
  .openapi({ description: 'The reason, for the audit', example: 'wins in the evaluation of this week' });

/** `Idempotency-Key`: the same key, of the same owner, is the same run. Another owner's is another run. */
export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'use 1 to 255 printable characters without spaces')
    .optional()
    .openapi({ description: 'A repeated request with the same key gets the answer of the first' }),
});

export const json = outlineOf<Json>(z.unknown().openapi({ description: 'Any JSON' }));
export const time = z.number().openapi({ description: 'Milliseconds since 1970' });

export const RunId = z
  .string()
  .regex(/^run-[0-9a-f-]{32,36}$/, 'it is no run id')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'run-4f1c09aa4f1c09aa4f1c09aa4f1c09aa' });

export const PipelineName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}(:[A-Za-z0-9_-]{1,100})?$/, 'it is no name of a pipeline')
  .openapi({ param: { name: 'name', in: 'path' }, example: 'docs-bot' });

export const Failure = z
  .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
  .loose()
  .openapi('Failure');

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

export const TITLES: { readonly [Status in ProblemStatus]: string } = {
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
