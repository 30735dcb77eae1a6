/** A stand-in in another process has the same methods, and ends with whoever started it. */
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectStandIn, spawnStandIn } from './connect.ts';
import type { StandIn } from './stand-in.ts';

let standIn: StandIn;

beforeAll(async () => {
  standIn = await spawnStandIn({ keys: ['k'] });
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const client = () => new OpenAI({ apiKey: 'k', baseURL: standIn.openaiUrl, maxRetries: 0 });
const ask = (options?: OpenAI.RequestOptions) =>
  client().chat.completions.create({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'hello' }] }, options);

test('replies, faults, limits, requests and bills', async () => {
  await standIn.reply({ route: 'openai/chat' }, { text: 'scripted' });
  expect((await ask()).choices[0]?.message.content).toBe('scripted');
  await standIn.fault({ kind: 'status', status: 503 });
  await expect(ask()).rejects.toMatchObject({ status: 503 });
  await standIn.limit({}, { requestsPerWindow: 0 });
  await expect(ask()).rejects.toMatchObject({ status: 429 });
  const other = connectStandIn(standIn.url);
  expect((await other.requests({ route: 'openai/chat' })).map((request) => request.status)).toEqual([200, 503, 429]);
  const billed = await other.billed({ 'gpt-4.1-mini': { inputPerMillion: 1, outputPerMillion: 1 } });
  expect(billed.requests).toBe(1);
  expect(billed.usd).toBeCloseTo((billed.inputTokens + billed.outputTokens) / 1_000_000, 12);
});

test('waiting for what happens there', async () => {
  await standIn.fault({ kind: 'hang' });
  const leaving = new AbortController();
  const hanging = ask({ signal: leaving.signal }).catch((error: unknown) => error);
  await standIn.until((requests) => requests[0]?.fault === 'hang');
  leaving.abort();
  expect(await hanging).toBeInstanceOf(OpenAI.APIUserAbortError);
  const [request] = await standIn.until((requests) => requests[0]?.closedByClientAtMs !== null);
  expect(request?.closedByClientAtMs).toBeGreaterThan(request?.atMs ?? Infinity);
});

test('a reset closes what hangs', async () => {
  await standIn.fault({ kind: 'hang' });
  const hanging = ask().catch((error: unknown) => error);
  await standIn.until((requests) => requests.length === 1 && requests[0]?.fault === 'hang');
  await standIn.reset();
  expect(await hanging).toBeInstanceOf(OpenAI.APIConnectionError);
  expect(await standIn.requests()).toEqual([]);
});

test('a mistake of the test is told as such', async () => {
  await standIn.fault({ kind: 'status', status: 500, code: 'no-such-code' });
  await expect(ask()).rejects.toThrow('501 stand-in: the stand-in knows no OpenAI refusal 500 no-such-code');
  const [request] = await standIn.until((requests) => (requests[0]?.endedAtMs ?? null) !== null);
  expect(request?.status).toBeNull();
});

test('a control that is none is refused by name', async () => {
  const response = await fetch(`${standIn.url}/_control/nothing`, { method: 'POST', body: '[]' });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: expect.stringContaining("'nothing'") });
});
