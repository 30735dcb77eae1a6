/** What a stand-in bills is what it told, and money is null where a price is not known. */
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LocalStandIn, startStandIn } from './start.ts';

let standIn: LocalStandIn;
let client: OpenAI;

beforeAll(async () => {
  standIn = await startStandIn();
  client = new OpenAI({ apiKey: 'k', baseURL: standIn.openaiUrl, maxRetries: 0 });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const ask = (model: string) =>
  client.chat.completions.create({ model, messages: [{ role: 'user', content: 'hello' }] });

test('tokens and dollars, by model, over several requests', async () => {
  await standIn.reply({}, { text: 'x', usage: { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 50 } });
  await standIn.reply({}, { text: 'x', usage: { inputTokens: 2000, outputTokens: 10 } });
  const reply = await ask('gpt-4.1-mini');
  expect(reply.usage).toMatchObject({ prompt_tokens: 1000, prompt_tokens_details: { cached_tokens: 400 } });
  await ask('gpt-4o-mini');
  const prices = {
    'gpt-4.1-mini': { inputPerMillion: 0.4, cachedInputPerMillion: 0.1, outputPerMillion: 1.6 },
    'gpt-4o-mini': { inputPerMillion: 0.15, outputPerMillion: 0.6 },
  };
  const billed = await standIn.billed(prices);
  expect(billed).toMatchObject({
    requests: 2,
    inputTokens: 3000,
    cachedInputTokens: 400,
    outputTokens: 60,
    searchUnits: 0,
  });
  expect(billed.usd).toBeCloseTo((600 * 0.4 + 400 * 0.1 + 50 * 1.6 + 2000 * 0.15 + 10 * 0.6) / 1_000_000, 12);
  expect((await standIn.billed(prices, { model: 'gpt-4o-mini' })).usd).toBeCloseTo(0.000306, 12);
});

test('a scripted usage is billed as it is told, in a stream too', async () => {
  await standIn.reply({}, { deltas: ['a b c'], usage: { inputTokens: 70, outputTokens: 90 } });
  const stream = await client.chat.completions.create({
    model: 'gpt-4.1-mini',
    messages: [{ role: 'user', content: 'hello' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 70, completion_tokens: 90 });
  expect(await standIn.billed()).toMatchObject({ inputTokens: 70, outputTokens: 90 });
});

test('without a price there is no sum', async () => {
  await ask('gpt-4.1-mini');
  expect((await standIn.billed()).usd).toBeNull();
  expect((await standIn.billed({ 'gpt-4.1-mini': { inputPerMillion: 1 } })).usd).toBeNull();
});
