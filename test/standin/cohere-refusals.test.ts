/** What Cohere refuses by itself, in the words of https://docs.cohere.com/reference/errors. */
import { CohereClientV2 } from 'cohere-ai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postRaw } from './sdk-calls.ts';
import { type LocalStandIn, startStandIn } from './start.ts';

let standIn: LocalStandIn;
const key = 'sk-secret-0123456789abcd';

beforeAll(async () => {
  standIn = await startStandIn({
    keys: [key],
    contextTokens: { 'command-r': 50 },
  });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const cohere = (token = key) => new CohereClientV2({ token, environment: standIn.cohereUrl, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'hello' }];

const post = (path: string, body: unknown, authorization = `Bearer ${key}`) =>
  postRaw(standIn.url + path, body, authorization);

describe('Cohere', () => {
  test('another key; none', async () => {
    await expect(
      cohere('other').embed({ model: 'embed-v4.0', texts: ['a'], inputType: 'search_query' }),
    ).rejects.toMatchObject({
      statusCode: 401,
      body: { message: 'invalid api token' },
    });
    expect((await post('/v2/chat', {}, '')).body.message).toBe('no api key supplied');
  });

  test('an unknown model; none', async () => {
    await expect(cohere().chat({ model: 'nope', messages })).rejects.toMatchObject({ statusCode: 404 });
    expect((await post('/v2/chat', { messages })).body.message).toBe(
      'a model parameter is required for this endpoint.',
    );
  });

  test('a prompt that is too long', async () => {
    const asking = cohere().chat({ model: 'command-r', messages: [{ role: 'user', content: 'word '.repeat(60) }] });
    await expect(asking).rejects.toMatchObject({
      statusCode: 400,
      body: { message: expect.stringContaining('too many tokens') },
    });
  });

  test('a temperature above 1, and fields that are none', async () => {
    const asking = cohere().chat({ model: 'command-a-03-2025', messages, temperature: 1.5 });
    await expect(asking).rejects.toThrow('temperature must be between 0 and 1.0 inclusive.');
    expect((await post('/v2/chat', { model: 'command-a', messages, colour: 1 })).body.message).toContain(
      'parameter colour',
    );
  });

  // https://docs.cohere.com/docs/structured-outputs
  test('schemas with unsupported keywords, without a required field, or beside documents', async () => {
    const ask = (jsonSchema: Record<string, unknown>, documents?: string[]) =>
      cohere().chat({
        model: 'command-a-03-2025',
        messages,
        responseFormat: { type: 'json_object', jsonSchema },
        ...(documents === undefined ? {} : { documents }),
      });
    const schema = { type: 'object', required: ['a'], properties: { a: { type: 'array', items: { type: 'string' } } } };
    await expect(ask(schema)).resolves.toBeDefined();
    await expect(ask({ ...schema, required: [] })).rejects.toThrow('at least one required field');
    const property = (a: Record<string, unknown>) => ask({ ...schema, properties: { a } });
    await expect(property({ type: 'array', minItems: 1 })).rejects.toThrow("'minItems'");
    await expect(property({ type: 'object', properties: {} })).rejects.toThrow('at least one required field');
    await expect(property({ anyOf: [{ type: 'string', format: 'email' }] })).rejects.toThrow("format 'email'");
    await expect(property({ type: 'string', pattern: '^a$' })).rejects.toThrow("pattern '^a$'");
    await expect(ask(schema, ['text'])).rejects.toThrow('response_format is not supported with RAG');
  });

  // https://docs.cohere.com/reference/embed
  test('an embedding without its input type, or of more than 96 texts', async () => {
    const refused = await post('/v2/embed', { model: 'embed-v4.0', texts: ['a'] });
    expect(refused).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('valid input_type must be provided') },
    });
    const many = cohere().embed({ model: 'embed-v4.0', texts: Array(97).fill('a'), inputType: 'search_query' });
    await expect(many).rejects.toMatchObject({
      statusCode: 400,
      body: { message: expect.stringContaining('at most 96') },
    });
  });

  test('a rerank without documents or query', async () => {
    const ask = (query: string, documents: string[]) => cohere().rerank({ model: 'rerank-v3.5', query, documents });
    await expect(ask('q', [])).rejects.toThrow('list of documents must not be empty');
    await expect(ask(' ', ['d'])).rejects.toThrow('query must not be empty or be only whitespace');
  });
});
