/** A plan whose models' provider no worker has a key of: refused before anything of the run exists. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { docsBot, local } from '../../pipelines/docs-bot.ts';
import { createActivities } from '../../src/steps/implementations.ts';
import { type Live, startLive } from '../support/live.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive(createActivities, { OPENAI_API_KEY: 'sk-one-key-of-two' });
});
afterAll(() => live?.stop());

test('a start is refused by the name of the variable, and leaves no run behind', async () => {
  await expect(live.client.start(docsBot, { question: 'How?' })).rejects.toMatchObject({
    code: 'key_missing',
    message: expect.stringContaining('CO_API_KEY'),
    remedy: expect.stringContaining('set CO_API_KEY where the worker starts'),
    data: { providers: ['cohere'], variables: ['CO_API_KEY'] },
  });
  expect((await live.store.runs.list({ limit: 5 })).runs).toEqual([]);
});

test('the same bot on local models is not', async () => {
  await expect(live.client.check(local.plan)).resolves.toBeUndefined();
});
