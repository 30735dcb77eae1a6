/** The stand-in's OpenAI routes, asked by OpenAI's own SDK. */
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { LocalStandIn } from './start.ts';
import { startStandIn } from './start.ts';
import { countTokens } from './tokens.ts';

let standIn: LocalStandIn;
let client: OpenAI;

beforeAll(async () => {
  standIn = await startStandIn();
  client = new OpenAI({ apiKey: 'sk-test-of-the-stand-in', baseURL: standIn.openaiUrl, maxRetries: 0 });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const model = 'gpt-4.1-mini';
const prompt =
  'Say something about runs.\n\n[1] A sweep searches.\n[2] A run records metrics. It has an id.\n\nQuestion: What does a run record?';
const messages = [{ role: 'user' as const, content: prompt }];

describe('chat completions', () => {
  // https://platform.openai.com/docs/api-reference/chat/object
  test('a whole reply comes from the passages of the prompt, with usage, ids and limits', async () => {
    const { data, response, request_id } = await client.chat.completions.create({ model, messages }).withResponse();
    expect(data.object).toBe('chat.completion');
    expect(data.id).toMatch(/^chatcmpl-/);
    expect(data.choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'A run records metrics. [2]', refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ]);
    const promptTokens = 3 + 3 + countTokens('user') + countTokens(prompt);
    const completionTokens = countTokens('A run records metrics. [2]');
    expect(data.usage).toMatchObject({
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    });
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(Number(response.headers.get('openai-processing-ms'))).toBeGreaterThanOrEqual(0);
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('9999');
    const [request] = await standIn.requests();
    expect(request).toMatchObject({
      requestId: request_id,
      status: 200,
      billed: { inputTokens: promptTokens, outputTokens: completionTokens },
      usageSent: true,
    });
    expect(JSON.stringify(request)).not.toContain('sk-test');
  });

  // https://platform.openai.com/docs/api-reference/chat-streaming/streaming
  test('a stream has a role, a chunk for each token, a finish reason, and the usage where it is asked for', async () => {
    await standIn.reply({}, { text: 'Runs record metrics.' });
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null });
    const pieces = chunks.slice(1, -2).map((chunk) => chunk.choices[0]?.delta.content);
    expect(pieces.join('')).toBe('Runs record metrics.');
    expect(pieces).toHaveLength(countTokens('Runs record metrics.'));
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: pieces.length } });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    const [request] = await standIn.requests();
    expect(request?.sentAtMs).toHaveLength(pieces.length);
    expect(request?.sentAtMs).toEqual(request?.sentAtMs.toSorted((a, b) => a - b));
  });

  test('a stream without include_usage tells none, but is billed', async () => {
    const chunks = await Array.fromAsync(await client.chat.completions.create({ model, messages, stream: true }));
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
    const [request] = await standIn.requests();
    expect(request?.usageSent).toBe(false);
    expect(request?.billed?.outputTokens).toBeGreaterThan(0);
  });

  test('a structured reply is data of the schema, or what the test wrote', async () => {
    const shape = z.strictObject({
      language: z.enum(['en', 'de']),
      queries: z.array(z.string()),
      answerable: z.boolean(),
      score: z.number(),
      reason: z.string().nullable(),
    });
    const response_format = zodResponseFormat(shape, 'analysis');
    const ask = () => client.chat.completions.parse({ model, messages, response_format });
    expect((await ask()).choices[0]?.message.parsed).toEqual({
      language: 'en',
      queries: ['What does a run record?'],
      answerable: true,
      score: 0,
      reason: 'What does a run record?',
    });
    const data = { language: 'de', queries: [], answerable: false, score: 2, reason: null };
    await standIn.reply({ schema: 'analysis' }, { data });
    expect((await ask()).choices[0]?.message.parsed).toEqual(data);
  });

  test('a refusal is its own field; a filtered reply has its own finish reason', async () => {
    await standIn.reply({}, { refusal: 'I cannot help with that.' });
    await standIn.reply({}, { text: 'Half of', finish: 'content-filter' });
    const refused = await client.chat.completions.create({ model, messages });
    expect(refused.choices[0]).toMatchObject({
      message: { content: null, refusal: 'I cannot help with that.' },
      finish_reason: 'stop',
    });
    const filtered = await client.chat.completions.create({ model, messages });
    expect(filtered.choices[0]).toMatchObject({ message: { content: 'Half of' }, finish_reason: 'content_filter' });
  });

  test('a refusal in a stream comes in its own field', async () => {
    await standIn.reply({}, { refusal: 'I cannot help.' });
    const chunks = await Array.fromAsync(await client.chat.completions.create({ model, messages, stream: true }));
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta);
    expect(deltas.map((delta) => delta?.refusal ?? '').join('')).toBe('I cannot help.');
    expect(deltas.some((delta) => delta?.content)).toBe(false);
  });

  test('a function of the request answers; keys to repeat by are recorded', async () => {
    await standIn.reply({}, (asked) => ({ text: `${asked.messages.length} for ${asked.model}` }), { times: 'always' });
    const reply = await client.chat.completions.create(
      { model, messages },
      { headers: { 'Idempotency-Key': 'run/draft' } },
    );
    expect(reply.choices[0]?.message.content).toBe(`1 for ${model}`);
    expect((await standIn.requests()).map((request) => request.idempotencyKey)).toEqual(['run/draft']);
  });

  test('a reply longer than asked for is cut there', async () => {
    await standIn.reply({}, { text: 'one two three four five six' });
    const cut = await client.chat.completions.create({ model, messages, max_completion_tokens: 2 });
    expect(cut.choices[0]).toMatchObject({ message: { content: 'one two' }, finish_reason: 'length' });
    expect(cut.usage?.completion_tokens).toBe(2);
  });
});

describe('embeddings', () => {
  const input = ['how to resume a run', 'resuming a crashed run', 'invoices are paid monthly'];

  // The SDK asks for base64 by itself: https://platform.openai.com/docs/api-reference/embeddings/create
  test('base64 and float are the same vectors, of length one, near for near texts', async () => {
    const asBase64 = await client.embeddings.create({ model: 'text-embedding-3-small', input, dimensions: 256 });
    const asFloat = await client.embeddings.create({
      model: 'text-embedding-3-small',
      input,
      dimensions: 256,
      encoding_format: 'float',
    });
    const formats = (await standIn.requests()).map(
      (request) => (request.body as { encoding_format: string }).encoding_format,
    );
    expect(formats).toEqual(['base64', 'float']);
    const vectors = asFloat.data.map((each) => each.embedding);
    expect(asBase64.data.map((each) => each.embedding)).toEqual(vectors);
    expect(vectors.map((vector) => vector.length)).toEqual([256, 256, 256]);
    const dot = (a = 0, b = 0) =>
      (vectors[a] ?? []).reduce((sum, value, index) => sum + value * (vectors[b]?.[index] ?? 0), 0);
    expect(dot(0, 0)).toBeCloseTo(1, 5);
    expect(dot(0, 1)).toBeGreaterThan(dot(0, 2) + 0.3);
    expect(asFloat.usage.prompt_tokens).toBe(input.map(countTokens).reduce((a, b) => a + b, 0));
  });

  test('the models have their own lengths', async () => {
    const large = await client.embeddings.create({ model: 'text-embedding-3-large', input: 'x' });
    expect(large.data[0]?.embedding).toHaveLength(3072);
  });
});

test('models are listed', async () => {
  const models = await client.models.list();
  expect(models.data.map((each) => each.id)).toContain('gpt-5-mini');
});
