/** A server that asks for no key, as Ollama and vLLM do: its address alone is enough. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createProviders } from '../../src/models/create-providers.ts';
import { servedBy } from '../../src/models/plan-keys.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { callOf } from './subjects.ts';

let standIn: LocalStandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.close());

it('models of openai run at OPENAI_BASE_URL without a key', async () => {
  const config = readConfig({ OPENAI_BASE_URL: standIn.openaiUrl });
  expect(servedBy(config)).toEqual(['openai/*']);
  const model = createProviders(config.providers).languageModel('openai/gpt-5-mini');
  const asked = { messages: [{ role: 'user', content: 'What is a run?' }], maxOutputTokens: 500 } as const;
  expect((await model.writeText(asked, callOf())).text).not.toBe('');
  expect(await standIn.requests()).toHaveLength(1);
});

it('without an address, models of openai need a key', () => {
  expect(servedBy(readConfig({}))).toEqual([]);
});
