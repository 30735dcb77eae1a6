/**
 * Every fault, as it arrives through the official SDKs. What is expected here of the SDKs is what they were seen to do:
 * an adapter has to know it (both take some broken replies for good ones).
 */
import { Cohere, CohereClientV2, CohereError } from 'cohere-ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from './faults.ts';
import { type LocalStandIn, startStandIn } from './start.ts';
import { countTokens } from './tokens.ts';

let standIn: LocalStandIn;
let openai: OpenAI;
let cohere: CohereClientV2;

beforeAll(async () => {
  standIn = await startStandIn({ seed: 7 });
  openai = new OpenAI({ apiKey: 'sk-test', baseURL: standIn.openaiUrl, maxRetries: 0, logLevel: 'off' });
  cohere = new CohereClientV2({ token: 'co-test', environment: standIn.cohereUrl, maxRetries: 0 });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const messages = [{ role: 'user' as const, content: 'one two three four five six' }];
const openaiChat = (options?: OpenAI.RequestOptions) =>
  openai.chat.completions.create({ model: 'gpt-4.1-mini', messages }, options);
const openaiStream = (options?: OpenAI.RequestOptions) =>
  openai.chat.completions.create(
    { model: 'gpt-4.1-mini', messages, stream: true, stream_options: { include_usage: true } },
    options,
  );
const cohereChat = (abortSignal?: AbortSignal) =>
  cohere.chat({ model: 'command-a-03-2025', messages }, abortSignal === undefined ? {} : { abortSignal });
const cohereStream = () => cohere.chatStream({ model: 'command-a-03-2025', messages });

/** What came before the error, and the error. */
async function collect<Item>(opening: PromiseLike<AsyncIterable<Item>>): Promise<{ items: Item[]; error: unknown }> {
  const items: Item[] = [];
  try {
    for await (const item of await opening) {
      items.push(item);
    }
    return { items, error: null };
  } catch (error) {
    return { items, error };
  }
}

const openaiText = (chunks: readonly OpenAI.ChatCompletionChunk[]) =>
  chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
const cohereText = (events: readonly Cohere.V2ChatStreamResponse[]) =>
  events.map((event) => (event.type === 'content-delta' ? (event.delta?.message?.content?.text ?? '') : '')).join('');

describe('429', () => {
  const error = async (fault: Fault) => {
    await standIn.fault(fault);
    return openaiChat().then(
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
    const asking = cohere.rerank({ model: 'rerank-v3.5', query: 'q', documents: ['d'] });
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
    const asking = openaiChat();
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
    const asking = cohereChat();
    await expect(asking).rejects.toBeInstanceOf(type);
    await expect(asking).rejects.toMatchObject({ statusCode: status, body: { message: expect.any(String) } });
  });
});

describe('silence and slowness', () => {
  test('a hang sends nothing, and sees the client go', async () => {
    await standIn.fault({ kind: 'hang' });
    await standIn.fault({ kind: 'hang' });
    const leaving = new AbortController();
    const hanging = Promise.allSettled([openaiChat({ signal: leaving.signal }), cohereChat(leaving.signal)]);
    await standIn.until((requests) => requests.filter((request) => request.fault === 'hang').length === 2);
    leaving.abort();
    const outcomes = await hanging;
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    const seen = await standIn.until((requests) => requests.every((request) => request.endedAtMs !== null));
    expect(seen.map(({ status, billed }) => ({ status, billed }))).toEqual(
      Array(2).fill({ status: null, billed: null }),
    );
    expect(seen.every((request) => (request.closedByClientAtMs ?? 0) > request.atMs)).toBe(true);
  });

  test('a stall keeps the stream open after some tokens', async () => {
    await standIn.fault({ kind: 'stall', afterTokens: 2 });
    const leaving = new AbortController();
    let text = '';
    const reading = (async () => {
      for await (const chunk of await openaiStream({ signal: leaving.signal })) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (text === 'one two') {
          const [request] = await standIn.until((requests) => requests[0]?.sentAtMs.length === 2);
          expect(request?.endedAtMs).toBeNull();
          leaving.abort();
        }
      }
    })();
    // Aborted between two chunks, the SDK ends its stream without an error.
    await reading;
    expect(text).toBe('one two');
    const [after] = await standIn.until((requests) => requests[0]?.closedByClientAtMs !== null);
    expect(after).toMatchObject({ usageSent: false, billed: { outputTokens: 2 } });
  });

  test('a client that leaves a slow stream is billed for what it was sent', async () => {
    await standIn.fault({ kind: 'slow', msPerToken: 20 });
    const stream = await openaiStream();
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) {
        break; // The SDK closes the connection.
      }
    }
    const [request] = await standIn.until((requests) => (requests[0]?.endedAtMs ?? null) !== null);
    expect(request?.closedByClientAtMs).not.toBeNull();
    expect(request?.usageSent).toBe(false);
    expect(request?.billed?.outputTokens).toBe(request?.sentAtMs.length);
    expect(request?.billed?.outputTokens).toBeLessThan(6);
  });

  test('slow tokens come no faster than asked, and all of them', async () => {
    await standIn.fault({ kind: 'slow', msPerToken: 15 });
    const { items, error } = await collect(cohereStream());
    expect(error).toBeNull();
    expect(cohereText(items)).toBe(messages[0]?.content);
    const [request] = await standIn.requests();
    const times = request?.sentAtMs ?? [];
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toHaveLength(5);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(14); // Timers count in whole milliseconds.
  });
});

describe('broken replies', () => {
  test('a cut stream is an error in both SDKs, after what had come', async () => {
    await standIn.fault({ kind: 'cut', afterTokens: 3 }, { times: 2 });
    const first = await collect(openaiStream());
    expect(openaiText(first.items)).toBe('one two three');
    expect(first.error).toBeInstanceOf(Error);
    const second = await collect(cohereStream());
    expect(cohereText(second.items)).toBe('one two three');
    expect(second.error).toBeInstanceOf(Error);
    const requests = await standIn.requests();
    expect(requests.map((request) => request.billed?.outputTokens)).toEqual([3, 3]);
    expect(requests.map((request) => request.closedByClientAtMs)).toEqual([null, null]);
  });

  test('a cut whole reply is an error, and billed', async () => {
    await standIn.fault({ kind: 'cut' }, { times: 2 });
    await expect(openaiChat()).rejects.toBeInstanceOf(Error);
    await expect(cohereChat()).rejects.toThrow('terminated');
    const requests = await standIn.requests();
    expect(requests.every((request) => request.billed !== null && !request.usageSent)).toBe(true);
  });

  test('a stream that ends early is no error in either SDK: only its finish marker is missing', async () => {
    await standIn.fault({ kind: 'early-end', afterTokens: 3 }, { times: 2 });
    const first = await collect(openaiStream());
    expect(first.error).toBeNull();
    expect(openaiText(first.items)).toBe('one two three');
    expect(first.items.every((chunk) => chunk.choices[0]?.finish_reason === null && !chunk.usage)).toBe(true);
    const second = await collect(cohereStream());
    expect(second.error).toBeNull();
    expect(cohereText(second.items)).toBe('one two three');
    expect(second.items.map((event) => event.type)).not.toContain('message-end');
  });

  test('a 200 that is no JSON: an error by OpenAI, and by Cohere a reply that is none', async () => {
    await standIn.fault({ kind: 'malformed-json' }, { times: 'always' });
    await expect(openaiChat()).rejects.toBeInstanceOf(SyntaxError);
    expect(await cohereChat()).toMatchObject({ ok: false, error: { reason: 'non-json' } });
    expect((await collect(openaiStream())).error).toBeInstanceOf(SyntaxError);
    expect((await collect(cohereStream())).error).toBeInstanceOf(Error);
  });

  test('JSON that is no reply is one by both SDKs', async () => {
    await standIn.fault({ kind: 'wrong-schema' }, { times: 'always' });
    expect(await openaiChat()).toEqual({ unexpected: true });
    const embedded = openai.embeddings.create({
      model: 'text-embedding-3-small',
      input: 'x',
      encoding_format: 'float',
    });
    expect(await embedded).toEqual({ unexpected: true });
    expect(await cohere.rerank({ model: 'rerank-v3.5', query: 'q', documents: ['d'] })).not.toHaveProperty('results');
  });

  test('structured data that does not fit, or is cut off', async () => {
    const json_schema = {
      name: 'shape',
      strict: true,
      schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
    };
    const ask = async () => {
      const response_format = { type: 'json_schema' as const, json_schema };
      const reply = await openai.chat.completions.create({ model: 'gpt-4.1-mini', messages, response_format });
      return { text: reply.choices[0]?.message.content ?? '', finish: reply.choices[0]?.finish_reason };
    };
    await standIn.fault({ kind: 'wrong-schema' }, { schema: 'shape' });
    expect(await ask()).toEqual({ text: '{"unexpected":true}', finish: 'stop' });
    await standIn.fault({ kind: 'malformed-json', where: 'reply' });
    const broken = await ask();
    expect(() => JSON.parse(broken.text)).toThrow(SyntaxError);
    expect(JSON.parse((await ask()).text)).toEqual({ a: messages[0]?.content });
  });

  test('a reply without a body: undefined by OpenAI, an error by Cohere, and by both a stream of nothing', async () => {
    await standIn.fault({ kind: 'empty-body' }, { times: 'always' });
    expect(await openaiChat()).toBeUndefined();
    await expect(cohereChat()).rejects.toThrow('Expected object. Received undefined');
    expect(await collect(openaiStream())).toEqual({ items: [], error: null });
    expect(await collect(cohereStream())).toEqual({ items: [], error: null });
  });

  test('a very large reply', async () => {
    await standIn.fault({ kind: 'large-body', bytes: 300_000 }, { times: 'always' });
    const reply = await openaiChat();
    expect(reply.choices[0]?.message.content?.length).toBeGreaterThan(300_000);
    expect(reply.usage?.completion_tokens).toBe(countTokens(reply.choices[0]?.message.content ?? ''));
    const { rawResponse } = await cohere
      .rerank({ model: 'rerank-v3.5', query: 'q', documents: ['d'] })
      .withRawResponse();
    expect(Number(rawResponse.headers.get('content-length'))).toBeGreaterThan(300_000);
  });
});

describe('whom a fault meets', () => {
  const outcome = () =>
    openaiChat().then(
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
    await expect(cohereChat()).rejects.toBeInstanceOf(CohereError);
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
