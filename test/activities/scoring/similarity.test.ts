/** Likeness in meaning, under the model of an index in memory, and one that is served by the stand-in. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/index.ts';
import { createTextSearch } from '../../../src/retrieval/search.ts';
import { createScoreSimilarity } from '../../../src/steps/score-functions.ts';
import { scoreSimilarity } from '../../../src/steps/scoring-steps.ts';
import { memoryIndex } from '../../embedding/memory-index.ts';
import { providersAt } from '../../providers/subjects.ts';
import { type LocalStandIn, startStandIn } from '../../standin/start.ts';
import { noProviders } from '../../support/fake-providers.ts';
import { callStep } from '../call.ts';

type Config = { readonly [key: string]: Json };
type Dependencies = Parameters<typeof createScoreSimilarity>[0];

async function similarity(dependencies: Dependencies, answer: string, expected?: string, config: Config = {}) {
  const step = createScoreSimilarity(dependencies);
  return (await callStep(scoreSimilarity, step, { answer, expected }, config)).similarity;
}

describe('local/lsa', async () => {
  const texts = {
    'pets#0': 'Cats and dogs live in houses. Cats sleep.',
    'pets#1': 'Dogs and cats live in houses. Dogs bark.',
    'code#0': 'A stream of tokens comes from the model, one after another.',
    'code#1': 'The model counts the tokens of a stream.',
    'food#0': 'Bread is baked from flour and water.',
  };
  const index = await memoryIndex(Object.entries(texts).map(([id, text]) => ({ id, text, heading: [] })));
  const local = { providers: noProviders, textSearch: createTextSearch(index) };
  const like = (answer: string, expected?: string, config: Config = {}) => similarity(local, answer, expected, config);

  test('the same is 1, marks of citations or not; the like is above the unlike', async () => {
    expect(await like('The model streams tokens [1].', 'The model streams tokens.')).toBeCloseTo(1, 6);
    const [near, far] = await Promise.all([
      like('Tokens come in a stream.', 'The model counts tokens.'),
      like('Cats sleep in houses.', 'The model counts tokens.'),
    ]);
    expect(near).toBeGreaterThan(0.5);
    expect(far).toBeLessThan(0.2);
  });

  test('an answer that says nothing is like nothing; an expected one that says nothing is no score', async () => {
    expect(await like('', 'Cats sleep.')).toBe(0);
    expect(await like('zebra', 'Cats sleep.')).toBe(0);
    await expect(like('Cats sleep.')).rejects.toMatchObject({ code: 'no_expected', retryable: false });
    await expect(like('Cats sleep.', 'zebra')).rejects.toMatchObject({ code: 'no_vector', retryable: false });
  });

  test('an index that was embedded with another model is refused by its name', async () => {
    const other = { ...index, vectorSearch: { ...index.vectorSearch, embedded: async () => served } };
    const served = { hash: 'memory', sequence: 1, model: 'openai/text-embedding-3-small:1536' };
    const textSearch = createTextSearch(other);
    await expect(similarity({ providers: noProviders, textSearch }, 'x', 'y')).rejects.toMatchObject({
      code: 'embedding_model_differs',
    });
  });
});

describe('a served model', () => {
  let standIn: LocalStandIn;
  beforeAll(async () => {
    standIn = await startStandIn();
  });
  beforeEach(() => standIn.reset());
  afterAll(() => standIn.close());

  test.each([
    ['openai/text-embedding-3-small', 'openai/embeddings'],
    ['cohere/embed-v4.0', 'cohere/embed'],
  ] as const)('%s: one call for both texts, no index', async (model, route) => {
    const textSearch = { embed: () => Promise.reject(new Error('no index is asked')) };
    const served = { providers: providersAt(standIn), textSearch };
    expect(await similarity(served, 'Cats sleep.', 'Cats sleep.', { model })).toBeCloseTo(1, 6);
    expect(await standIn.requests({ route })).toHaveLength(1);
    expect(await similarity(served, ' ', 'Cats sleep.', { model })).toBe(0);
  });
});
