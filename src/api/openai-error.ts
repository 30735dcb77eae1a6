/**
 * The `error` that OpenAI's clients look for in what refuses them. Every problem has one besides (RFC 9457 allows further
 * members), since they also ask for models, send feedback, and go to paths that are not here.
 */
import { z } from '@hono/zod-openapi';

export const OpenAiError = z
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
