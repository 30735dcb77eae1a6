/** A plan whose search names another embedding model than its index has: it is refused before it starts. */
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunClient, type RunClient } from '../../src/client/client.ts';
import { readConfig } from '../../src/config/config.ts';
import { definePipeline } from '../../src/index.ts';
import { Found, Question } from '../../src/model/step-schemas.ts';
import { embedBuild } from '../../src/retrieval/embed-build.ts';
import { localLsa } from '../../src/retrieval/embedders.ts';
import { keywordSearch, vectorSearch } from '../../src/steps/steps.ts';
import { document } from '../store/documents.ts';
import { startStore, type TestStore } from '../support/test-store.ts';

const SERVED = 'openai/text-embedding-3-small';
const config = readConfig({});
let running: TestStore;
let client: RunClient;

beforeAll(async () => {
  running = await startStore();
  const { store } = running;
  client = createRunClient({
    ...{ temporal: {} as Client, store, config, namespace: 'default', uiUrl: 'http://localhost:8233' },
  });
  const steps = ['vectorSearch@2', 'keywordSearch@2', 'openai/*'].map((step) => ({ step }));
  await store.catalogue.publish({ workerId: 'w', taskQueue: config.queues.run, steps, leaseMs: 600_000 });
  for (const index of ['embedded', 'plain']) {
    const { build } = await store.builds.begin(index, { settingsHash: 's', owner: 'me' });
    await store.builds.put(index, build, [document('one', 'cats and dogs'), document('two', 'bread and flour')]);
    if (index === 'embedded') await embedBuild(store.vectors, localLsa, { index, build });
    await store.builds.commit(index, build);
  }
});
afterAll(() => running?.stop());

const searching = (config: { readonly index: string; readonly model?: string }) =>
  definePipeline('searching', Question)
    .step('found', vectorSearch, ({ input }) => ({ queries: [input.question] }), config, {
      orElse: { passages: [], searched: false },
    })
    .output(Found, ({ found }) => found).plan;

test('another model is refused, with both names and the command that embeds the index anew', async () => {
  await expect(client.check(searching({ index: 'embedded', model: SERVED }))).rejects.toMatchObject({
    code: 'embedding_model_differs',
    message: expect.stringMatching(new RegExp(`'embedded' by '${SERVED}'.*'local/lsa:`)),
    remedy: expect.stringContaining(`sluice ingest <source> --index embedded --embed ${SERVED}`),
  });
});

test.each([
  ['the model that the index has', { index: 'embedded', model: 'local/lsa' }],
  ['no model', { index: 'embedded' }],
  ['an index without vectors, which the search names itself', { index: 'plain', model: SERVED }],
  ['an index that does not exist yet', { index: 'absent', model: SERVED }],
])('%s is not refused', async (_what, config) => {
  await expect(client.check(searching(config))).resolves.toBeUndefined();
});

test('a search by words needs no model', async () => {
  const { plan } = definePipeline('words', Question)
    .step('found', keywordSearch, ({ input }) => ({ query: input.question }), { index: 'embedded' })
    .output(Found, ({ found }) => found);
  await expect(client.check(plan)).resolves.toBeUndefined();
});
