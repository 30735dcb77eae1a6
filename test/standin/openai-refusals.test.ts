/** What OpenAI refuses by itself, as documented: bad keys, bad bodies, prompts that are too long. */
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postRaw } from './sdk-calls.ts';
import { type LocalStandIn, startStandIn } from './start.ts';

let standIn: LocalStandIn;
const key = 'sk-secret-0123456789abcd';

beforeAll(async () => {
  standIn = await startStandIn({
    keys: [key],
    contextTokens: { 'gpt-4o-mini': 100, 'my-own-model': 1000 },
  });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const openai = (apiKey = key) => new OpenAI({ apiKey, baseURL: standIn.openaiUrl, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'hello' }];

const post = (path: string, body: unknown, authorization = `Bearer ${key}`) =>
  postRaw(standIn.url + path, body, authorization);

describe('OpenAI', () => {
  // https://platform.openai.com/docs/guides/error-codes
  test('another key, with its ends in the message; no key at all', async () => {
    const other = 'sk-another-key-0123456789';
    const asking = openai(other).models.list();
    await expect(asking).rejects.toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' });
    await expect(asking).rejects.toThrow('sk-anoth*************6789');
    expect((await post('/v1/chat/completions', {}, '')).status).toBe(401);
    const [first, second] = await standIn.requests();
    expect(first?.keyHash).toMatch(/^[0-9a-f]{12}$/);
    expect(second?.keyHash).toBeNull();
  });

  test('an unknown model, unless it was declared', async () => {
    const ask = (model: string) => openai().chat.completions.create({ model, messages });
    await expect(ask('no-such-model')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    expect((await ask('my-own-model')).model).toBe('my-own-model');
  });

  // https://platform.openai.com/docs/guides/error-codes, and the messages of the API itself
  test('a prompt, or a prompt with its reply, that is longer than the model reads', async () => {
    const ask = (content: string, most: number) =>
      openai().chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content }],
        max_completion_tokens: most,
      });
    await expect(ask('word '.repeat(120), 1)).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
    await expect(ask('word', 99)).rejects.toMatchObject({ code: 'context_length_exceeded', param: 'messages' });
    expect((await ask('word', 20)).choices[0]?.finish_reason).toBe('stop');
  });

  test('parameters that are missing, unknown or wrong', async () => {
    const ask = async (body: unknown) => (await post('/v1/chat/completions', body)).body.error;
    expect(await ask({ model: 'gpt-4.1-mini' })).toMatchObject({
      code: 'missing_required_parameter',
      param: 'messages',
    });
    expect(await ask({ model: 'gpt-4.1-mini', messages, colour: 1 })).toMatchObject({
      code: 'unknown_parameter',
      param: 'colour',
    });
    expect(await ask({ model: 'gpt-4.1-mini', messages, temperature: 3 })).toMatchObject({ param: 'temperature' });
    expect(await ask('{"model": ')).toMatchObject({ type: 'invalid_request_error', code: null });
  });

  // https://platform.openai.com/docs/guides/reasoning
  test('what reasoning models do not take', async () => {
    const ask = (extra: object) => openai().chat.completions.create({ model: 'gpt-5-mini', messages, ...extra });
    await expect(ask({ max_tokens: 10 })).rejects.toMatchObject({ code: 'unsupported_parameter', param: 'max_tokens' });
    await expect(ask({ temperature: 0 })).rejects.toMatchObject({ code: 'unsupported_value', param: 'temperature' });
    await expect(ask({ max_completion_tokens: 10, temperature: 1 })).resolves.toBeDefined();
  });

  // https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
  test.each([
    ["'additionalProperties' is required", { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }],
    [
      "Missing 'a'",
      { type: 'object', properties: { a: { type: 'string' } }, required: [], additionalProperties: false },
    ],
    [
      "In context=('properties', 'a'), 'allOf' is not permitted",
      { type: 'object', properties: { a: { allOf: [] } }, required: ['a'], additionalProperties: false },
    ],
    ['type: "object"', { type: 'array', items: { type: 'string' } }],
  ])('a schema that is not strict: %s', async (message, schema) => {
    const json_schema = { name: 'shape', strict: true, schema };
    const asking = openai().chat.completions.create({
      model: 'gpt-4.1-mini',
      messages,
      response_format: { type: 'json_schema', json_schema },
    });
    await expect(asking).rejects.toMatchObject({ status: 400, param: 'response_format' });
    await expect(asking).rejects.toThrow(message);
  });

  // https://platform.openai.com/docs/api-reference/embeddings/create
  test('too many or too long texts to embed', async () => {
    const ask = (input: string | string[]) => openai().embeddings.create({ model: 'text-embedding-3-small', input });
    await expect(ask(Array(2049).fill('a'))).rejects.toMatchObject({ status: 400 });
    await expect(ask('')).rejects.toMatchObject({ status: 400 });
    await expect(ask('word '.repeat(8200))).rejects.toThrow('maximum context length is 8192 tokens');
  });

  test('another path', async () => {
    expect(await post('/v1/other', {})).toMatchObject({
      status: 404,
      body: { error: { message: 'Invalid URL (POST /v1/other)' } },
    });
  });
});
