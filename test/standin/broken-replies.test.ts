/**
 * Broken replies, as they arrive through the official SDKs. What is expected here of the SDKs is what they were seen to do:
 * an adapter has to know it (both take some broken replies for good ones).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cohereText, collect, createSdkCalls, openaiText, sentence } from './sdk-calls.ts';
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
