/** The stand-in's Cohere routes, asked by Cohere's own SDK. */
import { CohereClientV2 } from 'cohere-ai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LocalStandIn, startStandIn } from './start.ts';
import { countTokens } from './tokens.ts';

let standIn: LocalStandIn;
let client: CohereClientV2;

beforeAll(async () => {
  standIn = await startStandIn();
  client = new CohereClientV2({ token: 'co-test-of-the-stand-in', environment: standIn.cohereUrl, maxRetries: 0 });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const model = 'command-a-03-2025';
const prompt =
  '<passage n="1">A sweep searches.</passage>\n<passage n="2">A run records metrics.</passage>\n\nWhat does a run record?';
const messages = [{ role: 'user' as const, content: prompt }];

describe('chat', () => {
  // https://docs.cohere.com/reference/chat; billed and read: https://docs.cohere.com/docs/how-does-cohere-pricing-work
  test('a whole reply comes from the passages of the prompt, with what is billed and what was read', async () => {
    const reply = await client.chat({ model, messages });
    expect(reply.finishReason).toBe('COMPLETE');
    expect(reply.message).toMatchObject({
      role: 'assistant',
      content: [{ type: 'text', text: 'A run records metrics. [2]' }],
    });
    const billed = { inputTokens: countTokens(prompt), outputTokens: countTokens('A run records metrics. [2]') };
    expect(reply.usage?.billedUnits).toEqual(billed);
    expect(reply.usage?.tokens?.inputTokens).toBeGreaterThan(billed.inputTokens);
    expect((await standIn.requests())[0]).toMatchObject({ route: 'cohere/chat', billed, usageSent: true });
  });

  // https://docs.cohere.com/docs/streaming
  test('a stream starts and ends message and content, and tells finish reason and usage at its end', async () => {
    await standIn.reply({}, { deltas: ['Runs ', 'record ', 'metrics.'] });
    const events = await Array.fromAsync(await client.chatStream({ model, messages }));
    expect(events.map((event) => event.type)).toEqual([
      'message-start',
      'content-start',
      'content-delta',
      'content-delta',
      'content-delta',
      'content-end',
      'message-end',
    ]);
    const texts = events.flatMap((event) =>
      event.type === 'content-delta' ? [event.delta?.message?.content?.text] : [],
    );
    expect(texts).toEqual(['Runs ', 'record ', 'metrics.']);
    const end = events.at(-1);
    expect(end?.type === 'message-end' && end.delta).toMatchObject({
      finishReason: 'COMPLETE',
      usage: { billedUnits: { inputTokens: countTokens(prompt), outputTokens: countTokens('Runs record metrics.') } },
    });
  });

  // https://docs.cohere.com/docs/structured-outputs
  test('a structured reply is data of the schema', async () => {
    const jsonSchema = {
      type: 'object',
      title: 'analysis',
      required: ['queries'],
      properties: { queries: { type: 'array', items: { type: 'string' } } },
    };
    const ask = async () => {
      const reply = await client.chat({ model, messages, responseFormat: { type: 'json_object', jsonSchema } });
      const [first] = reply.message.content ?? [];
      return JSON.parse(first?.type === 'text' ? first.text : '') as unknown;
    };
    expect(await ask()).toEqual({ queries: ['What does a run record?'] });
    await standIn.reply({ schema: 'analysis' }, { data: { queries: ['a', 'b'] } });
    expect(await ask()).toEqual({ queries: ['a', 'b'] });
  });

  test('a reply longer than asked for is cut there; a stopped one is an error in the stream', async () => {
    await standIn.reply({}, { text: 'one two three four' });
    expect((await client.chat({ model, messages, maxTokens: 2 })).finishReason).toBe('MAX_TOKENS');
    await standIn.reply({}, { text: 'one', finish: 'error' });
    const events = await Array.fromAsync(await client.chatStream({ model, messages }));
    const end = events.at(-1);
    expect(end?.type === 'message-end' && end.delta).toMatchObject({
      finishReason: 'ERROR',
      error: expect.any(String),
    });
  });
});

describe('embed', () => {
  const texts = ['how to resume a run', 'resuming a crashed run', 'invoices are paid monthly'];

  // https://docs.cohere.com/reference/embed
  test('vectors by type, with what is billed', async () => {
    const reply = await client.embed({
      model: 'embed-v4.0',
      texts,
      inputType: 'search_document',
      embeddingTypes: ['float'],
      outputDimension: 512,
    });
    const vectors = reply.embeddings.float ?? [];
    expect(vectors.map((vector) => vector.length)).toEqual([512, 512, 512]);
    const dot = (a: number, b: number) =>
      (vectors[a] ?? []).reduce((sum, value, index) => sum + value * (vectors[b]?.[index] ?? 0), 0);
    expect(dot(0, 1)).toBeGreaterThan(dot(0, 2) + 0.3);
    expect(reply.texts).toEqual(texts);
    expect(reply.meta?.billedUnits?.inputTokens).toBe(texts.map(countTokens).reduce((a, b) => a + b, 0));
  });
});

describe('rerank', () => {
  // https://docs.cohere.com/reference/rerank
  test('the best document first, with its place in the request, and search units', async () => {
    const documents = [
      'Invoices are paid monthly.',
      'A run is resumed by its id.',
      'To resume a crashed run, pass resume.',
    ];
    const ask = () => client.rerank({ model: 'rerank-v3.5', query: 'resume a crashed run', documents, topN: 2 });
    const reply = await ask();
    expect(reply.results.map((result) => result.index)).toEqual([2, 1]);
    expect(reply.results[0]?.relevanceScore).toBe(1);
    expect(reply.meta?.billedUnits?.searchUnits).toBe(1);
    await standIn.reply({ route: 'cohere/rerank' }, { scores: [0.9, 0.1, 0.2] });
    expect((await ask()).results).toEqual([
      { index: 0, relevanceScore: 0.9 },
      { index: 2, relevanceScore: 0.2 },
    ]);
  });

  // https://cohere.com/pricing
  test('long documents count once for each 500 tokens', async () => {
    const documents = Array.from({ length: 60 }, () => 'word '.repeat(700));
    const reply = await client.rerank({ model: 'rerank-v3.5', query: 'word', documents });
    expect(reply.meta?.billedUnits?.searchUnits).toBe(2);
  });
});
