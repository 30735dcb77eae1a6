/** What the steps say to a model, and what they make of what it replies. Models are fakes; HTTP is tested elsewhere. */
import { describe, expect, test } from 'vitest';
import type { InputOf, Json } from '../../src/index.ts';
import type { Passage, Turn } from '../../src/model/step-schemas.ts';
import { createEnhanceSteps } from '../../src/steps/enhance.ts';
import { createGenerate } from '../../src/steps/generate.ts';
import { enhanceQuery, generate, hydeQuery, rerank, validate } from '../../src/steps/model-steps.ts';
import { NO_ANSWER } from '../../src/steps/prompts.ts';
import { createRerank } from '../../src/steps/retrieval.ts';
import { createValidate } from '../../src/steps/validate.ts';
import { fakeProviders, type Replies } from '../support/fake-providers.ts';
import { callStep } from './call.ts';

const MODEL = 'openai/gpt-5-mini';
const passage = (id: string, text = `text of ${id}`): Passage => ({ id, score: 1, text, title: `Title ${id}` });
const passages = ['a', 'b', 'c'].map((id) => passage(id));
type Config = { readonly [key: string]: Json };

describe('enhanceQuery', () => {
  const searches = {
    standalone: 'How do I cancel a stream?',
    language: 'EN',
    intents: ['how_to'],
    keywords: ['abort', 'abort', '  signal\n'],
    subQueries: ['cancel a stream'],
    searchQueries: ['cancelling streams', 'abort signal'],
    answerable: true,
  };
  const history: Turn[] = [
    { role: 'user', content: 'How do I stream?' },
    { role: 'assistant', content: 'Call streamText.' },
    { role: 'user', content: 'Thanks' },
    { role: 'assistant', content: 'Gladly.' },
  ];
  async function enhance(input: InputOf<typeof enhanceQuery>, data: object = searches, config: Config = {}) {
    const providers = fakeProviders({ data });
    const step = createEnhanceSteps(providers)[0]!;
    return { asked: providers.asked, ...(await callStep(enhanceQuery, step, input, { model: MODEL, ...config })) };
  }

  test('the conversation reaches the model turn by turn, each in its own role, and the question comes last', async () => {
    const { asked } = await enhance({ question: 'How do I cancel it?', history });
    expect(asked).toHaveLength(1);
    const [system, ...rest] = asked[0]!.messages;
    expect(system).toMatchObject({
      role: 'system',
      content: expect.stringContaining('- how_to: wants to get something done'),
    });
    expect(rest).toEqual([...history, { role: 'user', content: 'How do I cancel it?' }]);
  });

  test('one reply gives everything, each search once, the question itself first', async () => {
    const { asked: _, ...enhanced } = await enhance({ question: 'How do I cancel it?', history }, searches, {
      maxQueries: 16,
    });
    expect(enhanced).toEqual({
      ...searches,
      language: 'en',
      keywords: ['abort', 'abort', 'signal'],
      // 'cancel a stream' and 'cancelling streams' search for the words of the question.
      queries: ['How do I cancel a stream?', 'abort signal', 'abort', 'signal'],
    });
  });

  test('without a conversation the question stays word for word', async () => {
    const { standalone } = await enhance({ question: 'How to cancel?' }, { ...searches, standalone: 'Something else' });
    expect(standalone).toBe('How to cancel?');
  });

  test('what no documentation answers is searched for as it is, if at all', async () => {
    const { answerable, queries } = await enhance({ question: 'Hi!' }, { ...searches, answerable: false });
    expect([answerable, queries]).toEqual([false, ['Hi!']]);
  });

  test('of a long conversation the last turns go along that fit, whole', async () => {
    const { asked } = await enhance({ question: 'q', history }, searches, { historyTokens: 4 });
    expect(asked[0]!.messages.slice(1, -1)).toEqual(history.slice(1));
    const none = await enhance({ question: 'q', history }, searches, { historyTokens: 0 });
    expect(none.asked[0]!.messages).toHaveLength(2);
  });

  test('as many queries as are asked for, and no more', async () => {
    const many = { ...searches, keywords: Array.from({ length: 30 }, (_, n) => `word${n}`) };
    expect((await enhance({ question: 'q?' }, many, { maxQueries: 16 })).queries).toHaveLength(15);
    expect((await enhance({ question: 'q?' }, many, { maxQueries: 3 })).queries).toHaveLength(3);
  });

  test('hydeQuery searches with the imagined passage, too; rules imagine none', async () => {
    const providers = fakeProviders({ data: { ...searches, passage: ' Pass an abort signal to streamText. ' } });
    const step = createEnhanceSteps(providers)[1]!;
    const hyde = await callStep(hydeQuery, step, { question: 'How to cancel?' }, { model: MODEL });
    expect(hyde.passage).toBe('Pass an abort signal to streamText.');
    expect(hyde.queries.slice(0, 2)).toEqual(['How to cancel?', 'Pass an abort signal to streamText.']);
    expect((await callStep(hydeQuery, step, { question: 'How to cancel?' })).passage).toBe('');
  });
});

describe('rerank', () => {
  async function order(replies: Replies, config: Config, given = passages) {
    const providers = fakeProviders(replies);
    const { passages: ranked } = await callStep(
      rerank,
      createRerank(providers),
      { query: 'q', passages: given },
      config,
    );
    return { providers, ids: ranked.map(({ id }) => id), scores: ranked.map(({ score }) => score) };
  }

  test('a reranker is asked once for as many as are wanted, and its scores are kept', async () => {
    const results = [
      { index: 2, score: 0.9 },
      { index: 0, score: 0.4 },
    ];
    const { providers, ids, scores } = await order({ results }, { model: 'cohere/rerank-v3.5', topN: 2 });
    expect([ids, scores]).toEqual([
      ['c', 'a'],
      [0.9, 0.4],
    ]);
    expect(providers.reranked).toEqual([
      {
        model: 'cohere/rerank-v3.5',
        query: 'q',
        topN: 2,
        documents: passages.map(({ text, title }) => ({ text, title })),
      },
    ]);
  });

  test.each([
    ['its order', [3, 1, 2], ['c', 'a', 'b']],
    [
      'unknown and repeated numbers dropped, missing ones after it as they were',
      [9, 2, 2, 0, -1, 1.5],
      ['b', 'a', 'c'],
    ],
    ['no order', [], ['a', 'b', 'c']],
  ])('a language model gives an order: %s', async (_, numbers, expected) => {
    const { providers, ids, scores } = await order({ data: { order: numbers } }, { model: MODEL });
    expect(ids).toEqual(expected);
    expect(scores).toEqual([1, 1 / 2, 1 / 3]);
    expect(providers.asked[0]).toMatchObject({ shape: 'order', documents: [{ n: 1 }, { n: 2 }, { n: 3 }] });
  });

  test('what is not shown to it keeps its place behind', async () => {
    const { providers, ids } = await order({ data: { order: [3, 2, 1] } }, { model: MODEL, maxShown: 2 });
    expect(providers.asked[0]!.documents).toHaveLength(2);
    expect(ids).toEqual(['b', 'a', 'c']);
  });

  test('of nothing, nobody is asked', async () => {
    for (const model of ['cohere/rerank-v3.5', MODEL, 'local/lexical']) {
      const { providers, ids } = await order({}, { model }, []);
      expect([ids, providers.asked, providers.reranked]).toEqual([[], [], []]);
    }
  });
});

describe('generate', () => {
  async function draft(
    text: readonly string[],
    more: Partial<InputOf<typeof generate>> = {},
    config: Config = {},
    replies: Replies = {},
  ) {
    const providers = fakeProviders({ text, ...replies });
    const emitted: string[] = [];
    const input = { question: 'How?', passages, feedback: '', ...more };
    const drafted = await callStep(
      generate,
      createGenerate(providers),
      input,
      { model: MODEL, ...config },
      (piece) => void emitted.push(piece),
    );
    return { ...drafted, asked: providers.asked, emitted: emitted.join('') };
  }

  test('passages are numbered, and cited ones are listed', async () => {
    const { text, citations, asked, answered } = await draft(['Do that [3]', ', then this [1].']);
    expect([text, answered]).toEqual(['Do that [3], then this [1].', true]);
    expect(citations.map(({ n, passageId }) => [n, passageId])).toEqual([
      [1, 'a'],
      [3, 'c'],
    ]);
    expect(asked[0]!.documents?.map(({ n, text }) => [n, text])).toEqual([
      [1, 'text of a'],
      [2, 'text of b'],
      [3, 'text of c'],
    ]);
  });

  test('a citation of a passage that does not exist is kept out, also while it is written, and reported', async () => {
    const { text, emitted, unknownCitations, citations } = await draft(['Do that [', '12', '] so ', '[2', '].']);
    expect(text).toBe('Do that so [2].');
    expect(emitted).toBe(text);
    expect([unknownCitations, citations.map(({ n }) => n)]).toEqual([[12], [2]]);
  });

  test('where the passages do not answer, nothing of that is shown', async () => {
    const { answered, emitted, citations } = await draft([NO_ANSWER.slice(0, 4), NO_ANSWER.slice(4)]);
    expect([answered, emitted, citations]).toEqual([false, '', []]);
  });

  test('without passages nobody is asked', async () => {
    const { answered, asked } = await draft(['Invented.'], { passages: [] });
    expect([answered, asked]).toEqual([false, []]);
  });

  test('what a check found reaches the prompt of the next draft, after the question', async () => {
    const feedback = 'Not supported: “Streams are free”';
    const { asked } = await draft(['x [1]'], { feedback });
    const last = asked[0]!.messages.at(-1)!;
    expect(last.role).toBe('user');
    expect(last.content).toMatch(/^Question: How\?\n\n[\s\S]*Not supported: “Streams are free”$/);
    expect((await draft(['x [1]'])).asked[0]!.messages.at(-1)).toEqual({ role: 'user', content: 'Question: How?' });
  });

  test('the conversation, the language and what the intents ask for go along', async () => {
    const history: Turn[] = [
      { role: 'user', content: 'Hallo' },
      { role: 'assistant', content: 'Guten Tag' },
    ];
    const { asked } = await draft(
      ['x [1]'],
      { history, language: 'de', intents: ['how_to', 'unheard_of'] },
      { hints: { how_to: 'Show the steps.' } },
    );
    const [system, ...rest] = asked[0]!.messages;
    expect(system!.content).toContain('(de)');
    expect(system!.content).toMatch(/- Show the steps\.$/);
    expect(rest.slice(0, 2)).toEqual(history);
    expect(rest.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test('passages are shown in order while they fit, and the others named', async () => {
    const long = (id: string) => passage(id, 'word '.repeat(100).trim());
    const given = [long('a'), passage('b'), long('c'), passage('d'), passage('a')];
    // 24 for what stands around a passage, its title, its words.
    const room = 24 + 2 + 100 + 24 + 2 + 3;
    const { leftOut, asked } = await draft(['x [1]'], { passages: given }, { contextTokens: room });
    expect(asked[0]!.documents?.map(({ n }) => n)).toEqual([1, 2]);
    expect(leftOut).toEqual(['c', 'd']);
    expect((await draft(['x [1]'], { passages: given }, { contextTokens: room - 1 })).leftOut).toEqual(['b', 'c', 'd']);
    const small = await draft(
      ['x [1]'],
      { passages: given },
      { maxOutputTokens: 100, prompt: 'p' },
      { contextTokens: room + 100 + 3 },
    );
    expect(small.leftOut).toEqual(['c', 'd']);
  });

  test('where not one passage fits, that is said rather than that there is no answer', async () => {
    await expect(
      draft(['x'], { passages: [passage('a', 'word '.repeat(500))] }, { contextTokens: 100 }),
    ).rejects.toMatchObject({ code: 'context_too_long', retryable: false });
  });

  test('a reply of which nothing can be shown is a failed attempt', async () => {
    await expect(draft([' [9] '])).rejects.toMatchObject({ code: 'output_malformed', retryable: true });
  });
});

describe('validate', () => {
  const answer = {
    text: 'Do that [2].',
    citations: [{ n: 2, passageId: 'b' }],
    answered: true,
    leftOut: [],
    unknownCitations: [] as number[],
  };
  const fine = {
    claims: [{ claim: 'Do that', supported: true, problem: '' }],
    irrelevantCitations: [],
    answersQuestion: true,
    missing: '',
  };
  const wrong = { claim: 'Do it twice', supported: false, problem: 'The passage says once.' };
  async function check(verdict: object, more: Partial<typeof answer> = {}, config: Config = {}) {
    const providers = fakeProviders({ data: { ...fine, ...verdict } });
    const input = { question: 'How?', answer: { ...answer, ...more }, passages };
    return {
      asked: providers.asked,
      ...(await callStep(validate, createValidate(providers), input, { model: MODEL, ...config })),
    };
  }

  test('the judge sees the question, the answer, and the passages it cites under their numbers', async () => {
    const { asked, ...checked } = await check({});
    expect(checked).toEqual({ passed: true, answered: true, score: 1, feedback: '' });
    expect(asked[0]!.documents).toEqual([{ n: 2, text: 'text of b', title: 'Title b' }]);
    expect(asked[0]!.messages.at(-1)!.content).toContain('Do that [2].');
  });

  test('what is not supported, beside the question or cited for nothing is said for the next draft', async () => {
    const checked = await check({
      claims: [...fine.claims, wrong],
      irrelevantCitations: [2, 2, 9],
      answersQuestion: false,
      missing: 'It leaves out how.',
    });
    expect(checked).toMatchObject({ passed: false, answered: false, score: 0.5 });
    expect(checked.feedback.split('\n')).toEqual([
      'Not supported: “Do it twice” The passage says once.',
      'Passage [2] has nothing to do with what cites it.',
      'It does not answer the question. It leaves out how.',
    ]);
  });

  test('an answer that is supported well enough is one, though it did not pass', async () => {
    const claims = [fine.claims[0], fine.claims[0], fine.claims[0], wrong];
    expect(await check({ claims })).toMatchObject({ passed: false, answered: true, score: 0.75 });
    expect(await check({ claims }, {}, { minimumSupport: 0.8 })).toMatchObject({ passed: false, answered: false });
    expect(await check({ claims: [] })).toMatchObject({ passed: false, answered: false, score: 0 });
  });

  test('a citation that leads nowhere is found without the judge, and one that was kept out too', async () => {
    const { feedback, passed } = await check({}, { unknownCitations: [7] });
    expect([passed, feedback]).toEqual([false, 'There is no passage [7].']);
    const lost = await check({}, { citations: [{ n: 4, passageId: 'gone' }] });
    expect(lost.asked).toEqual([]);
    expect(lost).toMatchObject({
      passed: false,
      answered: false,
      feedback: expect.stringContaining('There is no passage [4].'),
    });
  });

  test('having no answer and saying so passes, as no answer, and nobody is asked', async () => {
    const { asked, ...checked } = await check({}, { answered: false, citations: [] });
    expect([asked, checked]).toEqual([[], { passed: true, answered: false, score: 0, feedback: '' }]);
  });
});
