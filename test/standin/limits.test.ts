/** The limiter counts what really comes, and what it refuses it says with when to come again. */
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

const ask = (max_completion_tokens = 10) =>
  client.chat.completions.create({
    model: 'gpt-4.1-mini',
    messages: [{ role: 'user', content: 'hello' }],
    max_completion_tokens,
  });

test('requests over the limit are refused, recorded and told when to come again', async () => {
  await standIn.limit({ route: 'openai/*' }, { requestsPerWindow: 3, windowMs: 3_600_000 });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => ask()));
  const refused = outcomes.flatMap((each) =>
    each.status === 'rejected' ? [each.reason as InstanceType<typeof OpenAI.RateLimitError>] : [],
  );
  expect(refused).toHaveLength(2);
  expect(refused[0]).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  const retryAfter = Number(refused[0]?.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThan(3000);
  expect(retryAfter).toBeLessThanOrEqual(3600);
  expect(refused[0]?.headers.get('x-ratelimit-limit-requests')).toBe('3');
  expect(refused[0]?.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  const requests = await standIn.requests();
  expect(requests.filter((request) => request.refusedByLimit)).toHaveLength(2);
  expect((await standIn.billed()).requests).toBe(3);
});

test('who comes again when told to is let in', async () => {
  await standIn.limit({}, { requestsPerWindow: 1, windowMs: 1_500 });
  await ask();
  const refused = (await ask().then(
    () => null,
    (error: unknown) => error,
  )) as InstanceType<typeof OpenAI.RateLimitError>;
  const waitMs = Number(refused.headers.get('retry-after-ms'));
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(1_500);
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  await expect(ask()).resolves.toBeDefined();
});

// https://platform.openai.com/docs/guides/rate-limits: the larger of what is asked for and what the prompt has
test('tokens are charged as asked, or as billed', async () => {
  await standIn.limit({}, { tokensPerWindow: 100 });
  await ask(60);
  await expect(ask(60)).rejects.toMatchObject({ status: 429 });
  await standIn.reset();
  await standIn.limit({}, { tokensPerWindow: 100, charge: 'billed' });
  await ask(60);
  await expect(ask(60)).resolves.toBeDefined();
});

test('requests at once', async () => {
  await standIn.limit({}, { concurrency: 1 });
  await standIn.fault({ kind: 'hang' });
  const leaving = new AbortController();
  const hanging = client.models.list({ signal: leaving.signal }).catch((error: unknown) => error);
  await standIn.until((requests) => requests[0]?.fault === 'hang');
  await expect(ask()).rejects.toMatchObject({ status: 429 });
  leaving.abort();
  await hanging;
  await standIn.until((requests) => requests[0]?.endedAtMs !== null);
  await expect(ask()).resolves.toBeDefined();
});

test('another model has its own', async () => {
  await standIn.limit({ model: 'gpt-4o-mini' }, { requestsPerWindow: 0 });
  await expect(ask()).resolves.toBeDefined();
});
