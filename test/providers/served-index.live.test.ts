/** An index embedded by a served model, from ingest to search, over the stand-in: each passage is paid for once. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSearchByMode } from '../../src/retrieval/search.ts';
import { createModels } from '../../src/worker/models.ts';
import type { RequestSeen } from '../standin/record.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { type Live, startLive } from '../support/live.ts';
import { GOOD_KEY } from './subjects.ts';

const PASSAGES = 300;
const SUBJECTS = ['zebra', 'harbour', 'violin', 'glacier', 'pepper'];
const textOf = (n: number) => `Passage ${n} is about the ${SUBJECTS[n % SUBJECTS.length]} and nothing else.`;

let standIn: LocalStandIn;
let live: Live;
let source: string;

beforeAll(async () => {
  standIn = await startStandIn({ keys: [GOOD_KEY] });
  live = await startLive(() => [], {
    OPENAI_API_KEY: GOOD_KEY,
    OPENAI_BASE_URL: standIn.openaiUrl,
    COHERE_BASE_URL: standIn.cohereUrl,
  });
  source = join(live.folder, 'passages.jsonl');
  const lines = Array.from({ length: PASSAGES }, (_, n) => JSON.stringify({ id: `p${n}`, text: textOf(n) }));
  await writeFile(source, lines.join('\n'));
});
beforeEach(() => standIn.reset());
afterAll(async () => {
  await live?.stop();
  await standIn?.close();
});

const ingest = (embed: string, index = 'served') => live.client.ingest({ index, source, chunk: 'none', embed });
const textsOf = (requests: readonly RequestSeen[]) =>
  requests.filter(({ billed }) => billed !== null).flatMap(({ body }) => (body as { input: string[] }).input);

test('an ingest that meets failures goes on, and pays for no passage twice', async () => {
  const route = 'openai/embeddings';
  await standIn.fault({ kind: 'status', status: 503 }, { route, skip: 2 });
  await standIn.fault({ kind: 'rate-limited', retryAfter: { seconds: 1 } }, { route, skip: 3 });
  const { totals } = await ingest('openai/text-embedding-3-small:256');
  expect(totals.passages).toBe(PASSAGES);
  const requests = await standIn.requests();
  expect(requests.filter(({ fault }) => fault !== null)).toHaveLength(2);
  const paid = textsOf(requests);
  expect(paid).toHaveLength(PASSAGES);
  expect(new Set(paid).size).toBe(PASSAGES);
});

test('what has not changed is not paid for again, and what is new alone is', async () => {
  await ingest('openai/text-embedding-3-small:256');
  expect(await standIn.requests()).toEqual([]);
  const more = Array.from({ length: PASSAGES + 5 }, (_, n) => JSON.stringify({ id: `p${n}`, text: textOf(n) }));
  await writeFile(source, more.join('\n'));
  await ingest('openai/text-embedding-3-small');
  expect(textsOf(await standIn.requests())).toHaveLength(5);
});

test('it is searched by the very model it was embedded with', async () => {
  const { embedderOf } = createModels(live.store, live.config);
  const search = createSearchByMode(live.store, embedderOf);
  const query = { id: 'q', query: textOf(13) };
  const [vector] = await search('served', [query], { mode: 'vector', top: 3 });
  expect(vector!.hits[0]!.id).toBe('p13');
  expect(vector!.hits[0]!.score).toBeCloseTo(1, 1);
  const [hybrid] = await search('served', [query], { mode: 'hybrid', top: 3 });
  expect(hybrid!.hits).toHaveLength(3);
  const [asked] = await standIn.requests();
  expect(asked!.body).toMatchObject({ model: 'text-embedding-3-small', dimensions: 256 });
});

test('a missing key, and a model that nobody knows, are told before anything is read', async () => {
  await expect(ingest('cohere/embed-v4.0', 'other')).rejects.toMatchObject({
    code: 'key_missing',
    message: expect.stringContaining('CO_API_KEY'),
  });
  await expect(ingest('openai/nobodys', 'other')).rejects.toMatchObject({ code: 'model_unknown' });
  await expect(ingest('locl/lsa', 'other')).rejects.toMatchObject({ code: 'embedding_model_unknown' });
  expect(await standIn.requests()).toEqual([]);
});
