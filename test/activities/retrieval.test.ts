import { describe, expect, test } from 'vitest';
import type { Passage } from '../../src/model/step-schemas.ts';
import { createTextSearch, type TextSearch } from '../../src/retrieval/search.ts';
import { rerank } from '../../src/steps/model-steps.ts';
import { createRerank, createRetrievalSteps, fuseLocal, keepOrderLocal } from '../../src/steps/retrieval.ts';
import { fuse, keepOrder, keywordSearch, vectorSearch } from '../../src/steps/steps.ts';
import type { Search } from '../../src/store/keyword-search.ts';
import { memoryIndex } from '../embedding/memory-index.ts';
import { noProviders } from '../support/fake-providers.ts';
import { callStep } from './call.ts';

const passage = (id: string, text = `text of ${id}`, more: Partial<Passage> = {}): Passage => ({
  id,
  score: 1,
  text,
  ...more,
});

describe('fuse', () => {
  test('scores by reciprocal rank, as the paper defines it', async () => {
    const { passages } = await callStep(fuse, fuseLocal, {
      lists: [[passage('a'), passage('b')], [passage('b'), passage('c')], [passage('d')]],
    });
    expect(passages.map(({ id, score }) => [id, score])).toEqual([
      ['b', 1 / 62 + 1 / 61],
      ['a', 1 / 61],
      ['d', 1 / 61],
      ['c', 1 / 62],
    ]);
  });

  test('weights lists, counts a passage once a list, and keeps to its limit', async () => {
    const lists = [[passage('a'), passage('a'), passage('b')], [passage('c')]];
    const { passages } = await callStep(fuse, fuseLocal, { lists }, { k: 1, weights: [1, 3], limit: 2 });
    expect(passages.map(({ id, score }) => [id, score])).toEqual([
      ['c', 1.5],
      ['a', 0.5],
    ]);
    expect((await callStep(fuse, fuseLocal, { lists: [] })).passages).toEqual([]);
  });
});

test('fuse is told which searches were made: none of them is a failure, one of them is enough', async () => {
  const lists = [[], [passage('a')]];
  const fused = await callStep(fuse, fuseLocal, { lists, searched: [false, true] });
  expect(fused.passages.map(({ id }) => id)).toEqual(['a']);
  expect((await callStep(fuse, fuseLocal, { lists: [[], []], searched: [true, false] })).passages).toEqual([]);
  await expect(callStep(fuse, fuseLocal, { lists: [[], []], searched: [false, false] })).rejects.toMatchObject({
    code: 'retrieval_failed',
    retryable: false,
  });
});

describe('fuse by score', () => {
  const scored = (...scores: readonly [string, number][]) => scores.map(([id, score]) => passage(id, id, { score }));

  test('stretches each list from its worst to its best, and adds them up by weight', async () => {
    const lists = [scored(['a', 0.9], ['b', 0.5], ['c', 0.1]), scored(['c', 20], ['d', 15], ['a', 10])];
    const { passages } = await callStep(fuse, fuseLocal, { lists }, { by: 'score', weights: [1, 3] });
    expect(passages.map(({ id, score }) => [id, score])).toEqual([
      ['c', 3],
      ['d', 1.5],
      ['a', 1],
      ['b', 0.5],
    ]);
  });

  test('equal scores count as best, and an empty list as nothing', async () => {
    const { passages } = await callStep(fuse, fuseLocal, { lists: [scored(['a', 2], ['b', 2]), []] }, { by: 'score' });
    expect(passages.map(({ score }) => score)).toEqual([1, 1]);
  });
});

test('keepOrder takes the first, each once', async () => {
  const passages = ['a', 'b', 'a', 'c', 'd'].map((id) => passage(id));
  const kept = await callStep(keepOrder, keepOrderLocal, { passages }, { topN: 3 });
  expect(kept.passages.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

describe('rerank', () => {
  const order = async (query: string, passages: Passage[], topN = 8) =>
    (await callStep(rerank, createRerank(noProviders), { query, passages }, { topN })).passages.map(({ id }) => id);

  test('prefers what covers more of the question', async () => {
    const passages = [
      passage('half', 'Streams are streams of streams.'),
      passage('whole', 'Cancel streams with a signal.'),
    ];
    expect(await order('cancel streams', passages)).toEqual(['whole', 'half']);
  });

  test('prefers words that stand together', async () => {
    const filler = Array.from({ length: 30 }, (_, index) => `filler${index}`).join(' ');
    const passages = [passage('apart', `token ${filler} usage`), passage('near', `token usage ${filler}`)];
    expect(await order('token usage', passages)).toEqual(['near', 'apart']);
  });

  test('prefers what is headed by the question', async () => {
    const passages = [
      passage('plain', 'It takes a timeout.'),
      passage('headed', 'It takes a timeout.', { heading: ['Timeouts'] }),
    ];
    expect(await order('timeout', passages)).toEqual(['headed', 'plain']);
  });

  test('a word that few people say outweighs several that everybody says', async () => {
    const passages = [
      passage('everyday', 'Somebody gets things done early in the morning.'),
      passage('telling', 'It has a backpressure.'),
      ...['x', 'y', 'z'].map((id) => passage(id)),
    ];
    expect((await order('Somebody needs backpressure early in the morning', passages))[0]).toBe('telling');
  });

  test('prefers what has the question as a heading, also inside its text, and what defines where that is asked', async () => {
    const passages = [
      passage('many', 'It takes a timeout.', { heading: ['Timeouts, retries, caches, models, prices and more'] }),
      passage('one', 'It takes a timeout.', { heading: ['Timeouts'] }),
    ];
    expect(await order('Which timeouts?', passages)).toEqual(['one', 'many']);
    const inside = [
      passage('plain', 'It takes timeouts. So do others.'),
      passage('inside', '## Timeouts\n\nSo do others.'),
    ];
    expect(await order('Which timeouts?', inside)).toEqual(['inside', 'plain']);
    const defined = [passage('uses', 'Models call a tool.'), passage('defines', 'A tool is called by a model.')];
    expect(await order('What is a tool?', defined)).toEqual(['defines', 'uses']);
  });

  test('of equals, prefers the one whose document says more', async () => {
    const passages = [
      passage('alone#0', 'It takes a timeout.'),
      passage('page#0', 'It takes a timeout.'),
      passage('page#1', 'The timeout ends the request.'),
    ];
    expect((await order('timeout', passages))[0]).toBe('page#0');
  });

  test('of equals, prefers the one that the search found first', async () => {
    const passages = ['first', 'second'].map((id) => passage(id, 'It takes a timeout.'));
    expect(await order('timeout', passages)).toEqual(['first', 'second']);
    expect(await order('timeout', passages.toReversed())).toEqual(['second', 'first']);
  });

  test('finds names by their parts, and other forms of a word', async () => {
    const passages = [passage('other', 'Nothing here.'), passage('name', 'Call `streamText` for that.')];
    expect((await order('streaming texts', passages))[0]).toBe('name');
  });

  test('keeps the order where nothing tells, drops doubles, cuts to topN', async () => {
    const passages = ['a', 'b', 'a', 'c'].map((id) => passage(id, 'the same'));
    expect(await order('the of and', passages)).toEqual(['a', 'b', 'c']);
    expect(await order('unrelated', passages, 2)).toEqual(['a', 'b']);
    expect(await order('anything', [])).toEqual([]);
  });
});

describe('keywordSearch', () => {
  const asked: unknown[] = [];
  const search: Search = {
    async keyword(index, queries, options) {
      asked.push({ index, queries, options });
      const hit = { id: 'a#0', score: 2, text: 'T', title: null, url: null, heading: [] };
      return queries.map(({ id }) => ({
        id,
        hits: [hit, { ...hit, id: 'a#1', title: 'A', url: 'https://a', heading: ['H'] }],
      }));
    },
  };
  const step = createRetrievalSteps({ store: { search }, textSearch: {} as TextSearch }).find(
    ({ step: { name } }) => name === 'keywordSearch',
  )!;

  test('asks the configured index and leaves out what a passage lacks', async () => {
    const { passages } = await callStep(
      keywordSearch,
      step,
      { query: 'q' },
      { index: 'docs', topK: 7, snapshot: 'abcd' },
    );
    expect(asked.at(-1)).toEqual({
      index: 'docs',
      queries: [{ id: 'query', query: 'q' }],
      options: { top: 7, snapshot: 'abcd' },
    });
    expect(passages).toEqual([
      { id: 'a#0', score: 2, text: 'T' },
      { id: 'a#1', score: 2, text: 'T', title: 'A', url: 'https://a', heading: ['H'] },
    ]);
  });

  test('a query longer than the index takes is cut, not refused', async () => {
    const query = Array.from({ length: 900 }, (_, index) => `w${index}`).join(' ');
    await callStep(keywordSearch, step, { query });
    expect(asked.at(-1)).toMatchObject({ queries: [{ query: expect.stringMatching(/^w0 .* w499$/) }] });
  });
});

describe('vectorSearch', async () => {
  const texts = {
    'pets#0': 'Cats and dogs live in houses. Cats sleep.',
    'pets#1': 'Dogs and cats live in houses. Dogs bark.',
    'code#0': 'A stream of tokens comes from the model, one after another.',
    'code#1': 'The model counts the tokens of a stream.',
    'food#0': 'Bread is baked from flour and water.',
  };
  const index = await memoryIndex(Object.entries(texts).map(([id, text]) => ({ id, text, heading: [] })));
  const step = createRetrievalSteps({ store: { search: {} as Search }, textSearch: createTextSearch(index) }).find(
    (each) => each.step.name === 'vectorSearch',
  )!;
  const ids = async (queries: string[], config = {}) =>
    (await callStep(vectorSearch, step, { queries }, config)).passages.map(({ id }) => id);

  test('finds what is like any of the queries, each passage once, the nearest first', async () => {
    expect((await ids(['token stream'])).slice(0, 2).sort()).toEqual(['code#0', 'code#1']);
    const both = await callStep(vectorSearch, step, { queries: ['token stream', 'flour', 'flour'] }, { topK: 3 });
    expect(both.passages.map(({ id }) => id).sort()).toEqual(['code#0', 'code#1', 'food#0']);
    expect(both.passages.map(({ score }) => score)).toEqual(
      both.passages.map(({ score }) => score).sort((one, other) => other - one),
    );
  });

  test('a query of unknown words finds nothing, and neither does no query', async () => {
    expect(await ids(['zebra', 'the of and', '日本語', ''])).toEqual([]);
    expect(await ids([])).toEqual([]);
  });

  test('with mmr, what is taken is less alike', async () => {
    const query = ['cats dogs houses sleep bark bread'];
    expect((await ids(query, { topK: 2 })).sort()).toEqual(['pets#0', 'pets#1']);
    expect(await ids(query, { topK: 2, mmr: { lambda: 0.3 } })).toContain('food#0');
    expect(await ids(query, { topK: 3, mmr: { lambda: 1 } })).toEqual(await ids(query, { topK: 3 }));
  });

  test('per query, each gets its own, one that finds nothing takes nothing from the others', async () => {
    const queries = ['cats dogs houses', 'zebra', 'token stream'];
    expect((await ids(queries, { topK: 1 })).length).toBe(1);
    const each = await ids(queries, { per: 'query', topK: 1 });
    expect(each.map((id) => id.replace(/#.*/, '')).sort()).toEqual(['code', 'pets']);
    const same = await ids(['cats dogs', 'dogs cats', 'cats houses'], {
      per: 'query',
      topK: 2,
      mmr: { lambda: 0.5, fetch: 20 },
    });
    expect(new Set(same).size).toBe(same.length);
  });

  test('another model than the index has is refused by both names', async () => {
    await expect(ids(['x'], { model: 'openai/text-embedding-3-small' })).rejects.toMatchObject({
      code: 'embedding_model_differs',
      message: expect.stringContaining(index.model),
      data: { model: index.model, asked: 'openai/text-embedding-3-small' },
    });
    expect(await ids(['flour'], { model: 'local/lsa', topK: 1 })).toEqual(['food#0']);
  });
});

describe('fuse of searches that were not made', () => {
  const call = (searched: readonly boolean[], wanted?: boolean) =>
    callStep(fuse, fuseLocal, {
      lists: searched.map(() => []),
      searched: [...searched],
      ...(wanted !== undefined && { wanted }),
    });

  test('some is a list of what the others found; all is a failure', async () => {
    expect((await call([false, true])).passages).toEqual([]);
    await expect(call([false, false])).rejects.toMatchObject({ code: 'retrieval_failed', retryable: false });
    await expect(call([false, false], true)).rejects.toMatchObject({ code: 'retrieval_failed' });
  });

  test('none has failed where none was wanted', async () => {
    expect((await call([false, false], false)).passages).toEqual([]);
  });
});
