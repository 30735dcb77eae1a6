/**
 * OpenAI's refusals: `{ error: { message, type, param, code } }`. Statuses and codes:
 * https://platform.openai.com/docs/guides/error-codes.
 */
import type { z } from 'zod';
import type { RetryAfter } from './faults.ts';
import { retryAfterHeaders } from './faults.ts';
import type { Refusal } from './route.ts';

interface Parts {
  readonly message: string;
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

export function openaiRefusal(status: number, parts: Parts, headers: Refusal['headers'] = {}): Refusal {
  const { message, type = 'invalid_request_error', param = null, code = null } = parts;
  return { kind: 'refusal', status, body: { error: { message, type, param, code } }, headers };
}

/** The refusals a fault may ask for, by status and code; the first of a status is its default. */
const refusals: readonly (readonly [number, Parts])[] = [
  [400, { message: 'We could not parse the JSON body of your request.' }],
  [
    400,
    {
      message:
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. Please reduce the length of the messages.",
      param: 'messages',
      code: 'context_length_exceeded',
    },
  ],
  [
    400,
    {
      message: 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
      code: 'invalid_prompt',
    },
  ],
  [
    400,
    {
      message: 'The response was filtered due to the prompt triggering the content management policy.',
      code: 'content_filter',
    },
  ],
  [401, { message: 'Incorrect API key provided.', code: 'invalid_api_key' }],
  [
    403,
    {
      message: 'Country, region, or territory not supported',
      type: 'request_forbidden',
      code: 'unsupported_country_region_territory',
    },
  ],
  [404, { message: 'The model does not exist or you do not have access to it.', code: 'model_not_found' }],
  [429, { message: 'Rate limit reached for requests.', type: 'requests', code: 'rate_limit_exceeded' }],
  [
    429,
    {
      message:
        'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    },
  ],
  [500, { message: 'The server had an error while processing your request. Sorry about that!', type: 'server_error' }],
  [
    503,
    {
      message: 'The engine is currently overloaded, please try again later.',
      type: 'server_error',
      code: 'server_overloaded',
    },
  ],
];

/** @throws Error where OpenAI documents no such code for the status */
export function openaiStatus(status: number, code: string | undefined, after?: RetryAfter): Refusal {
  const known = refusals.find(([each, parts]) => each === status && (code === undefined || parts.code === code));
  if (known === undefined && code !== undefined) {
    throw new Error(`the stand-in knows no OpenAI refusal ${status} ${code}; add it to openai-errors.ts`);
  }
  return openaiRefusal(
    status,
    known?.[1] ?? { message: 'Unexpected status.', type: 'api_error' },
    retryAfterHeaders(after),
  );
}

/** A 401 as OpenAI words it: it repeats the key's two ends, which callers had better not log. */
export function openaiKeyRefusal(key: string | null): Refusal {
  if (key === null) {
    return openaiRefusal(401, {
      message:
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    });
  }
  const shown = key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}` : key;
  return openaiRefusal(401, {
    message: `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    code: 'invalid_api_key',
  });
}

export function openaiModelRefusal(model: string): Refusal {
  return openaiRefusal(404, {
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: 'model_not_found',
  });
}

/** The first thing that is wrong with a body. */
export function openaiBodyRefusal(error: z.ZodError): Refusal {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const param = issue.path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${String(part)}`))
    .join('');
  if (issue.code === 'unrecognized_keys') {
    const unknown = [param, issue.keys[0]].filter(Boolean).join('.');
    return openaiRefusal(400, {
      message: `Unknown parameter: '${unknown}'.`,
      param: unknown,
      code: 'unknown_parameter',
    });
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return openaiRefusal(400, {
      message: `Missing required parameter: '${param}'.`,
      param,
      code: 'missing_required_parameter',
    });
  }
  const code = issue.code === 'invalid_type' ? 'invalid_type' : 'invalid_value';
  return openaiRefusal(400, { message: `Invalid value for '${param}': ${issue.message}.`, param, code });
}
