/**
 * Silence, slowness and broken replies, as they arrive through the official SDKs. What is expected here of the SDKs is what they were seen to do:
 * an adapter has to know it (both take some broken replies for good ones).
 */
import type { Cohere } from 'cohere-ai';
import type OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSdkCalls, sentence } from './sdk-calls.ts';
import { type LocalStandIn, startStandIn } from './start.ts';
import { countTokens } from './tokens.ts';

let standIn: LocalStandIn;
let calls: ReturnType<typeof createSdkCalls>;

beforeAll(async () => {
  standIn = await startStandIn();
  calls = createSdkCalls(standIn);
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

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

describe('silence and slowness', () => {
  test('a hang sends nothing, and sees the client go', async () => {
    await standIn.fault({ kind: 'hang' }, { times: 2 });
    const leaving = new AbortController();
    const hanging = Promise.allSettled([
      calls.openaiChat({ signal: leaving.signal }),
      calls.cohereChat({ abortSignal: leaving.signal }),
    ]);
    await standIn.until((requests) => requests.filter((request) => request.fault === 'hang').length === 2);
    leaving.abort();
    expect((await hanging).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
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
      for await (const chunk of await calls.openaiStream({ signal: leaving.signal })) {
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
    const stream = await calls.openaiStream();
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
    const { items, error } = await collect(calls.cohereStream());
    expect(error).toBeNull();
    expect(cohereText(items)).toBe(sentence);
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
    const first = await collect(calls.openaiStream());
    expect(openaiText(first.items)).toBe('one two three');
    expect(first.error).toBeInstanceOf(Error);
    const second = await collect(calls.cohereStream());
    expect(cohereText(second.items)).toBe('one two three');
    expect(second.error).toBeInstanceOf(Error);
    const requests = await standIn.requests();
    expect(requests.map((request) => request.billed?.outputTokens)).toEqual([3, 3]);
    expect(requests.map((request) => request.closedByClientAtMs)).toEqual([null, null]);
  });

  test('a cut whole reply is an error, and billed', async () => {
    await standIn.fault({ kind: 'cut' }, { times: 2 });
    await expect(calls.openaiChat()).rejects.toBeInstanceOf(Error);
    await expect(calls.cohereChat()).rejects.toThrow('terminated');
    const requests = await standIn.requests();
    expect(requests.every((request) => request.billed !== null && !request.usageSent)).toBe(true);
  });

  test('a stream that ends early is no error in either SDK: only its finish marker is missing', async () => {
    await standIn.fault({ kind: 'early-end', afterTokens: 3 }, { times: 2 });
    const first = await collect(calls.openaiStream());
    expect(first.error).toBeNull();
    expect(openaiText(first.items)).toBe('one two three');
    expect(first.items.every((chunk) => chunk.choices[0]?.finish_reason === null && !chunk.usage)).toBe(true);
    const second = await collect(calls.cohereStream());
    expect(second.error).toBeNull();
    expect(cohereText(second.items)).toBe('one two three');
    expect(second.items.map((event) => event.type)).not.toContain('message-end');
    await standIn.fault({ kind: 'early-end', afterTokens: 100 }, { times: 2 });
    const whole = await collect(calls.openaiStream());
    expect(openaiText(whole.items)).toBe(sentence);
    expect(whole.items.every((chunk) => chunk.choices[0]?.finish_reason === null)).toBe(true);
    const last = (await collect(calls.cohereStream())).items.at(-1);
    expect(last?.type).toBe('content-delta');
  });

  test('a 200 that is no JSON: an error by OpenAI, and by Cohere a reply that is none', async () => {
    await standIn.fault({ kind: 'malformed-json' }, { times: 'always' });
    await expect(calls.openaiChat()).rejects.toBeInstanceOf(SyntaxError);
    expect(await calls.cohereChat()).toMatchObject({ ok: false, error: { reason: 'non-json' } });
    expect((await collect(calls.openaiStream())).error).toBeInstanceOf(SyntaxError);
    expect((await collect(calls.cohereStream())).error).toBeInstanceOf(Error);
  });

  test('JSON that is no reply is one by both SDKs', async () => {
    await standIn.fault({ kind: 'wrong-schema' }, { times: 'always' });
    expect(await calls.openaiChat()).toEqual({ unexpected: true });
    const embedded = calls.openai.embeddings.create({
      model: 'text-embedding-3-small',
      input: 'x',
      encoding_format: 'float',
    });
    expect(await embedded).toEqual({ unexpected: true });
    expect(await calls.cohere.rerank({ model: 'rerank-v3.5', query: 'q', documents: ['d'] })).not.toHaveProperty(
      'results',
    );
  });

  test('structured data that does not fit, or is cut off', async () => {
    const json_schema = {
      name: 'shape',
      strict: true,
      schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
    };
    const ask = async () => {
      const response_format = { type: 'json_schema' as const, json_schema };
      const reply = await calls.openai.chat.completions.create({ ...calls.openaiBody, response_format });
      return { text: reply.choices[0]?.message.content ?? '', finish: reply.choices[0]?.finish_reason };
    };
    await standIn.fault({ kind: 'wrong-schema' }, { schema: 'shape' });
    expect(await ask()).toEqual({ text: '{"unexpected":true}', finish: 'stop' });
    await standIn.fault({ kind: 'malformed-json', where: 'reply' });
    const broken = await ask();
    expect(() => JSON.parse(broken.text)).toThrow(SyntaxError);
    expect(JSON.parse((await ask()).text)).toEqual({ a: sentence });
  });

  test('a reply without a body: undefined by OpenAI, an error by Cohere, and by both a stream of nothing', async () => {
    await standIn.fault({ kind: 'empty-body' }, { times: 'always' });
    expect(await calls.openaiChat()).toBeUndefined();
    await expect(calls.cohereChat()).rejects.toThrow('Expected object. Received undefined');
    expect(await collect(calls.openaiStream())).toEqual({ items: [], error: null });
    expect(await collect(calls.cohereStream())).toEqual({ items: [], error: null });
  });

  test('a very large reply', async () => {
    await standIn.fault({ kind: 'large-body', bytes: 300_000 }, { times: 'always' });
    const reply = await calls.openaiChat();
    expect(reply.choices[0]?.message.content?.length).toBeGreaterThan(300_000);
    expect(reply.usage?.completion_tokens).toBe(countTokens(reply.choices[0]?.message.content ?? ''));
    const ranked = await calls.cohere.rerank({ model: 'rerank-v3.5', query: 'q', documents: ['d'] }).withRawResponse();
    expect(Number(ranked.rawResponse.headers.get('content-length'))).toBeGreaterThan(300_000);
  });
});
