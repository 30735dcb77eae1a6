/**
 * Cohere's refusals: `{ id, message }`. Statuses and wordings: https://docs.cohere.com/reference/errors.
 */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { RetryAfter } from './faults.ts';
import { retryAfterHeaders } from './faults.ts';
import type { Refusal } from './route.ts';

export function cohereRefusal(status: number, message: string, headers: Refusal['headers'] = {}): Refusal {
  return { kind: 'refusal', status, body: { id: randomUUID(), message }, headers };
}

interface Known {
  readonly status: number;
  /** Ours, for faults to choose by; the wire has none. */
  readonly code?: string;
  readonly message: string;
}

const refusals: readonly Known[] = [
  { status: 400, message: 'invalid request: message must be at least 1 token long or tool results must be specified.' },
  {
    status: 400,
    code: 'context_length_exceeded',
    message:
      'too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 131072. Try using a shorter prompt, or enabling prompt truncating. See https://docs.cohere.com/reference/generate for more details.',
  },
  { status: 401, message: 'invalid api token' },
  {
    status: 402,
    message: 'Please add or update your payment method at https://dashboard.cohere.com/billing?tab=payment to continue',
  },
  { status: 403, message: 'your API key is not allowed to use this model' },
  {
    status: 404,
    message:
      "model 'missing' not found, make sure the correct model ID was used and that you have access to the model.",
  },
  { status: 429, message: 'You are past the per minute request limit, please wait and try again later.' },
  {
    status: 429,
    code: 'insufficient_quota',
    message:
      "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'.",
  },
  { status: 498, message: 'invalid token: the input or the output has a blocked token' },
  { status: 499, message: 'request cancelled' },
  { status: 500, message: 'internal server error, please contact support' },
  { status: 503, message: 'service unavailable: the model is overloaded, please try again later' },
  { status: 504, message: 'gateway timeout' },
];

/** @throws Error where no such code is known for the status */
export function cohereStatus(status: number, code: string | undefined, after?: RetryAfter): Refusal {
  const known = refusals.find((each) => each.status === status && (code === undefined || each.code === code));
  if (known === undefined && code !== undefined) {
    throw new Error(`the stand-in knows no Cohere refusal ${status} ${code}; add it to cohere-errors.ts`);
  }
  return cohereRefusal(status, known?.message ?? 'unexpected status', retryAfterHeaders(after));
}

export function cohereKeyRefusal(key: string | null): Refusal {
  return cohereRefusal(401, key === null ? 'no api key supplied' : 'invalid api token');
}

export function cohereModelRefusal(model: string): Refusal {
  return cohereRefusal(
    404,
    `model '${model}' not found, make sure the correct model ID was used and that you have access to the model.`,
  );
}

/** The first thing that is wrong with a body. */
export function cohereBodyRefusal(error: z.ZodError): Refusal {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return cohereRefusal(
      400,
      `unknown field: parameter ${[path, issue.keys[0]].filter(Boolean).join('.')} is not a valid field`,
    );
  }
  if (path === 'model' && issue.code === 'invalid_type') {
    return cohereRefusal(400, 'a model parameter is required for this endpoint.');
  }
  if (path === 'input_type') {
    return cohereRefusal(400, 'invalid request: valid input_type must be provided with the provided model');
  }
  return cohereRefusal(400, `invalid request: ${path}: ${issue.message}`);
}
