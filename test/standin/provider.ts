/** What differs between the two providers on every route: the bodies of refusals, and the headers. */
import { cohereKeyRefusal, cohereRefusal, cohereStatus } from './cohere-errors.ts';
import type { Fault } from './faults.ts';
import type { Admission } from './limits.ts';
import { openaiKeyRefusal, openaiRefusal, openaiStatus } from './openai-errors.ts';
import { nowMs, type OpenRecord } from './record.ts';
import type { Refusal, Route } from './route.ts';

export function keyRefusal(route: Route, key: string | null, keys: readonly string[] | undefined): Refusal | null {
  const accepted = key !== null && (keys?.includes(key) ?? key !== 'invalid-key');
  return accepted ? null : isOpenai(route) ? openaiKeyRefusal(key) : cohereKeyRefusal(key);
}

export function unreadable(route: Route): Refusal {
  return isOpenai(route)
    ? openaiRefusal(400, { message: 'We could not parse the JSON body of your request.' })
    : cohereRefusal(400, 'invalid request: the body is not valid JSON');
}

export function faultRefusal(route: Route, fault: Fault | null): Refusal | null {
  const refuse = isOpenai(route) ? openaiStatus : cohereStatus;
  switch (fault?.kind) {
    case 'rate-limited':
      return refuse(429, fault.quota ? 'insufficient_quota' : undefined, fault.retryAfter);
    case 'status':
      return refuse(fault.status, fault.code, fault.retryAfter);
    default:
      return null;
  }
}

/** `Retry-After` in whole seconds, never too early, and OpenAI's finer header beside it. */
export function limitRefusal(route: Route, admission: Admission): Refusal {
  const refusal = (isOpenai(route) ? openaiStatus : cohereStatus)(429, undefined, {
    seconds: Math.ceil(admission.retryAfterMs / 1000),
  });
  return isOpenai(route)
    ? { ...refusal, headers: { ...refusal.headers, 'retry-after-ms': String(admission.retryAfterMs) } }
    : refusal;
}

/** https://platform.openai.com/docs/guides/rate-limits (headers), https://platform.openai.com/docs/api-reference/debugging-requests */
export function headersOf(
  route: Route,
  record: Pick<OpenRecord, 'requestId' | 'atMs'>,
  admission: Admission | null,
): { readonly [name: string]: string } {
  if (!isOpenai(route)) {
    return { 'x-debug-trace-id': record.requestId };
  }
  const limits: { [name: string]: string } =
    admission === null
      ? {}
      : {
          'x-ratelimit-limit-requests': String(admission.limit.requests),
          'x-ratelimit-limit-tokens': String(admission.limit.tokens),
          'x-ratelimit-remaining-requests': String(Math.max(0, admission.remaining.requests)),
          'x-ratelimit-remaining-tokens': String(Math.max(0, admission.remaining.tokens)),
          'x-ratelimit-reset-requests': duration(admission.retryAfterMs),
          'x-ratelimit-reset-tokens': duration(admission.retryAfterMs),
        };
  return {
    'x-request-id': record.requestId,
    'openai-version': '2020-10-01',
    'openai-processing-ms': String(Math.round(nowMs() - record.atMs)),
    ...limits,
  };
}

/** As OpenAI writes durations: `12ms`, `1.5s`, `6m0s`. */
function duration(ms: number): string {
  if (ms < 1000) {
    return `${ms}ms`;
  }
  return ms < 60_000 ? `${ms / 1000}s` : `${Math.floor(ms / 60_000)}m${(ms % 60_000) / 1000}s`;
}

function isOpenai(route: Route): boolean {
  return route.name.startsWith('openai/');
}
