/** Faults that are refusals, as they arrive through the official SDKs, and whom a fault meets. */
import { Cohere, CohereError } from 'cohere-ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from './faults.ts';
import { createSdkCalls } from './sdk-calls.ts';
import { type LocalStandIn, startStandIn } from './start.ts';

let standIn: LocalStandIn;
let calls: ReturnType<typeof createSdkCalls>;

beforeAll(async () => {
  standIn = await startStandIn();
  calls = createSdkCalls(standIn);
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

describe('429', () => {
  const error = async (fault: Fault) => {
    await standIn.fault(fault);
    return calls.openaiChat().then(
      () => null,
      (caught: unknown) => caught as InstanceType<typeof OpenAI.RateLimitError>,
    );
  };

  // https://platform.openai.com/docs/guides/error-codes
  test('a rate limit and a spent quota have one status and two codes', async () => {
    const limited = await error({ kind: 'rate-limited' });
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(limited).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
    expect(limited?.headers.has('retry-after')).toBe(false);
    expect(await error({ kind: 'rate-limited', quota: true })).toMatchObject({
      status: 429,
      code: 'insufficient_quota',
    });
  });

  test('Retry-After in its three forms', async () => {
    const seconds = await error({ kind: 'rate-limited', retryAfter: { seconds: 7 } });
    expect(seconds?.headers.get('retry-after')).toBe('7');
    const ms = await error({ kind: 'rate-limited', retryAfter: { ms: 1500 } });
    expect(ms?.headers.get('retry-after-ms')).toBe('1500');
    const before = Date.now();
    const date = await error({ kind: 'rate-limited', retryAfter: { dateInSeconds: 30 } });
    const asked = Date.parse(date?.headers.get('retry-after') ?? '');
    expect(asked).toBeGreaterThanOrEqual(before + 30_000);
    expect(asked).toBeLessThanOrEqual(Date.now() + 31_000);
  });

  test('by Cohere', async () => {
    await standIn.fault({ kind: 'rate-limited', retryAfter: { seconds: 3 } }, { route: 'cohere/rerank' });
    const asking = calls.cohere.rerank({ model: 'rerank-v3.5', query: 'q', documents: ['d'] });
    const caught = (await asking.then(
      () => null,
      (each: unknown) => each,
    )) as CohereError;
    expect(caught).toBeInstanceOf(Cohere.TooManyRequestsError);
    expect(caught.body).toEqual({
      id: expect.any(String),
      message: expect.stringContaining('per minute request limit'),
    });
    expect(caught.rawResponse?.headers.get('retry-after')).toBe('3');
  });
});

describe('statuses', () => {
  test.each([
    [400, 'context_length_exceeded', OpenAI.BadRequestError],
    [400, 'content_filter', OpenAI.BadRequestError],
    [401, 'invalid_api_key', OpenAI.AuthenticationError],
    [403, 'unsupported_country_region_territory', OpenAI.PermissionDeniedError],
    [404, 'model_not_found', OpenAI.NotFoundError],
    [500, undefined, OpenAI.InternalServerError],
    [503, 'server_overloaded', OpenAI.InternalServerError],
  ] as const)('OpenAI %i %s', async (status, code, type) => {
    await standIn.fault(code === undefined ? { kind: 'status', status } : { kind: 'status', status, code });
    const asking = calls.openaiChat();
    await expect(asking).rejects.toBeInstanceOf(type);
    await expect(asking).rejects.toMatchObject({ status, ...(code === undefined ? {} : { code }) });
    const [request] = await standIn.requests();
    expect(request).toMatchObject({ status, fault: 'status', billed: null });
  });

  test.each([
    [400, Cohere.BadRequestError],
    [401, Cohere.UnauthorizedError],
    [402, CohereError],
    [404, Cohere.NotFoundError],
    [498, Cohere.InvalidTokenError],
    [499, Cohere.ClientClosedRequestError],
    [500, Cohere.InternalServerError],
    [503, Cohere.ServiceUnavailableError],
    [504, Cohere.GatewayTimeoutError],
  ] as const)('Cohere %i', async (status, type) => {
    await standIn.fault({ kind: 'status', status });
    const asking = calls.cohereChat();
    await expect(asking).rejects.toBeInstanceOf(type);
    await expect(asking).rejects.toMatchObject({ statusCode: status, body: { message: expect.any(String) } });
  });
});

describe('whom a fault meets', () => {
  const outcome = () =>
    calls.openaiChat().then(
      () => 'fine',
      () => 'failed',
    );

  test('skip, then times, then nobody', async () => {
    await standIn.fault({ kind: 'status', status: 500 }, { skip: 1, times: 2 });
    expect([await outcome(), await outcome(), await outcome(), await outcome()]).toEqual([
      'fine',
      'failed',
      'failed',
      'fine',
    ]);
  });

  test('only what matches', async () => {
    await standIn.fault({ kind: 'status', status: 500 }, { route: 'cohere/*', times: 'always' });
    await standIn.fault({ kind: 'status', status: 500 }, { model: 'gpt-5-mini', times: 'always' });
    await standIn.fault({ kind: 'status', status: 500 }, { contains: 'seven', times: 'always' });
    expect(await outcome()).toBe('fine');
    await expect(calls.cohereChat()).rejects.toBeInstanceOf(CohereError);
  });

  test('by chance, and the same with the same seed', async () => {
    const draw = async () => {
      const own = await startStandIn({ seed: 42 });
      const client = new OpenAI({ apiKey: 'k', baseURL: own.openaiUrl, maxRetries: 0 });
      await own.fault({ kind: 'status', status: 503 }, { probability: 0.3 });
      for (let count = 0; count < 60; count += 1) {
        await client.models.list().catch(() => undefined);
      }
      const failed = (await own.requests()).map((request) => request.status === 503);
      await own.close();
      return failed;
    };
    const first = await draw();
    expect(first.filter(Boolean).length).toBeGreaterThan(8);
    expect(first.filter(Boolean).length).toBeLessThan(30);
    expect(await draw()).toEqual(first);
  });
});
