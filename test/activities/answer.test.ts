import { describe, expect, test } from 'vitest';
import { sentencesOf } from '../../src/extractive/units.ts';
import type { Passage } from '../../src/model/step-schemas.ts';
import { createGenerate } from '../../src/steps/generate.ts';
import { declineLocal } from '../../src/steps/implementations.ts';
import { generate, validate } from '../../src/steps/model-steps.ts';
import { decline } from '../../src/steps/steps.ts';
import { createValidate } from '../../src/steps/validate.ts';
import { noProviders } from '../support/fake-providers.ts';
import { callStep } from './call.ts';

const stream: Passage = {
  id: 'guide/stream#0',
  score: 0.9,
  title: 'Streaming',
  heading: ['Cancelling'],
  url: 'https://docs/stream',
  text: [
    'Streams can be cancelled at any time. This frees the connection, e.g. to the model. See the reference for more.',
    'To cancel a stream, pass an abort signal:',
    '```ts\nconst result = streamText({\n  model,\n\n  abortSignal: controller.signal,\n});\n```',
    'Retries are unrelated.',
  ].join('\n\n'),
};
const caching: Passage = {
  id: 'guide/cache#0',
  score: 0.4,
  title: 'Caching',
  text: 'Responses can be cached in Redis. A cache key holds the prompt.',
};
const passages = [stream, caching];

const draft = (question: string, given = passages, feedback = '', config = {}) =>
  callStep(generate, createGenerate(noProviders), { question, passages: given, feedback }, config);
const check = (question: string, answer: Awaited<ReturnType<typeof draft>>, given = passages, config = {}) =>
  callStep(validate, createValidate(noProviders), { question, answer, passages: given }, config);

describe('generate', () => {
  test('quotes what answers, with what introduces it and what it introduces, and cites it', async () => {
    const { text, citations, answered } = await draft('How do I cancel a stream with an abort signal?');
    expect(answered).toBe(true);
    expect(text).toContain('To cancel a stream, pass an abort signal [1]:\n\n```ts\nconst result = streamText({');
    expect(text).not.toContain('Retries are unrelated');
    expect(citations[0]).toEqual({
      n: 1,
      passageId: 'guide/stream#0',
      title: 'Streaming',
      heading: ['Cancelling'],
      url: 'https://docs/stream',
    });
  });

  test('a sentence that leans on the one before brings it along', async () => {
    const { text } = await draft('What frees the connection to the model?');
    expect(text).toContain('Streams can be cancelled at any time. This frees the connection, e.g. to the model');
  });

  test('several passages are cited by their own numbers, each of which it lists', async () => {
    const { text, citations } = await draft('How do I cancel a stream, and can responses be cached in Redis?');
    const used = new Set([...text.matchAll(/\[(\d+)\]/g)].map(([, n]) => Number(n)));
    expect([...used].sort()).toEqual([1, 2]);
    expect(citations.map(({ n }) => n)).toEqual([1, 2]);
  });

  test('what tells of a problem brings its solution along', async () => {
    const trouble: Passage = {
      id: 'trouble#0',
      score: 1,
      title: 'Broken pipes',
      text: [
        '## Issue',
        'When a client leaves early, the server logs EPIPE.',
        '## Solution',
        'Listen to the close event and stop writing.',
      ].join('\n\n'),
    };
    const { text } = await draft('Why does my server log EPIPE when a client leaves early?', [trouble]);
    expect(text).toContain('the server logs EPIPE [1].');
    expect(text).toContain('Listen to the close event and stop writing [1].');
    const parts = ['## Issue\n\nThe server logs EPIPE.', '## Solution\n\nListen to the close event.'];
    const apart = parts.map((each, index): Passage => ({ ...trouble, id: `trouble#${index}`, text: each }));
    const { citations } = await draft('Why does my server log EPIPE?', apart);
    expect(citations.map(({ passageId }) => passageId)).toEqual(['trouble#0', 'trouble#1']);
  });

  test('what promises something that does not follow is left out', async () => {
    const ways: Passage = {
      id: 'ways#0',
      score: 1,
      text: 'A stream can be cancelled in two ways:\n\n## On the server\n\nUse an abort signal to cancel the stream.',
    };
    const { text } = await draft('How do I cancel a stream?', [ways]);
    expect(text).toBe('Use an abort signal to cancel the stream [1].');
  });

  test('a definition is preferred where one is asked for, and what to do where that is', async () => {
    const about: Passage = {
      id: 'about#0',
      score: 1,
      text: [
        'Tools have names, and tools have descriptions.',
        'Without a tool, nobody can look things up with tools.',
        'A tool is an object that the model can call.',
        'Pass a tool in the list.',
      ].join('\n\n'),
    };
    expect((await draft('What is a tool?', [about])).text).toMatch(/^A tool is an object/);
    expect((await draft('How do I pass a tool?', [about])).text).toMatch(/^Pass a tool/);
  });

  test('a list is quoted with the sentence that says what it is of', async () => {
    const listed: Passage = {
      id: 'limits#0',
      score: 1,
      text: 'Streams end in several ways.\n\n- by a timeout of the proxy\n- by the consumer\n\nOther things follow.',
    };
    const { text } = await draft('timeout of a proxy', [listed]);
    expect(text).toBe('Streams end in several ways [1].\n\n- by a timeout of the proxy\n- by the consumer');
  });

  test('code is left out where config says so', async () => {
    const { text } = await draft('How do I cancel a stream with an abort signal?', passages, '', { codeLines: 0 });
    expect(text).not.toContain('```');
  });

  test('without passages, or without a word in common, there is no answer', async () => {
    for (const given of [[], [caching]])
      expect(await draft('How do I cancel a stream?', given)).toMatchObject({ answered: false, citations: [] });
  });

  test('a check that missed words gets them, or an honest end', async () => {
    const compound = 'Can streams be cancelled, and what does a cache key hold?';
    const again = await draft(compound, passages, 'It says nothing about “cache”, “key”.');
    expect(again).toMatchObject({ answered: true, text: expect.stringContaining('A cache key holds the prompt') });
    const stuck = await draft('How do I cancel a stream in COBOL?', passages, 'It says nothing about “COBOL”.');
    expect(stuck.answered).toBe(false);
  });

  test('the same input gives the same answer', async () => {
    const question = 'How do I cancel a stream with an abort signal?';
    expect(await draft(question)).toEqual(await draft(question));
  });
});

describe('validate', () => {
  const question = 'How do I cancel a stream?';

  test('passes what generate quotes, code with blank lines included', async () => {
    const answer = await draft('How do I cancel a stream with an abort signal?');
    expect(answer.text).toContain('\n\n  abortSignal');
    expect(await check(question, answer)).toEqual({
      passed: true,
      answered: true,
      score: expect.any(Number),
      feedback: '',
    });
  });

  const claim = (text: string, passageId = stream.id, n = 1) => ({
    text,
    citations: [{ n, passageId }],
    answered: true,
    leftOut: [],
    unknownCitations: [],
  });

  test('a citation that leads nowhere is named', async () => {
    const { passed, feedback } = await check(question, claim('Pass an abort signal to cancel the stream [3].'));
    expect(passed).toBe(false);
    expect(feedback).toContain('There is no passage [3].');
    expect(
      (await check(question, claim('To cancel a stream, pass an abort signal [1].', 'guide/other#0'))).passed,
    ).toBe(false);
  });

  test('a sentence that its passage does not hold is named', async () => {
    const text = 'To cancel a stream, pass an abort signal [1]. Unicorns cancel streams with glittering wands [1].';
    const { passed, answered, feedback, score } = await check(question, claim(text));
    expect({ passed, answered }).toEqual({ passed: false, answered: false });
    expect(feedback).toContain('Unicorns cancel streams');
    expect(score).toBeLessThan(0.75);
  });

  test('a sentence without any citation is not supported', async () => {
    expect((await check(question, claim('To cancel a stream, pass an abort signal.'))).passed).toBe(false);
  });

  test('a question of which the passages hold too little is not answered, with the words that they lack', async () => {
    const { passed, answered, feedback, score } = await check(
      'How are tomatoes watered in the Azores?',
      claim('Streams can be cancelled at any time [1].'),
    );
    expect({ passed, answered }).toEqual({ passed: false, answered: false });
    expect(feedback).toBe('No passage says anything about “tomatoes”, “watered”, “Azores”.');
    expect(score).toBeLessThan(0.39);
  });

  test('an answer beside the question is sent back with the words that it leaves out', async () => {
    const { passed, feedback } = await check(
      'What does a cache key in Redis hold?',
      claim('Streams can be cancelled at any time [1].'),
    );
    expect(passed).toBe(false);
    expect(feedback).toBe('It says nothing about “cache”, “key”, “Redis”, “hold”.');
  });

  test('one strange name weighs more than several everyday words', async () => {
    const answer = claim('Streams can be cancelled at any time [1].');
    const strange = await check('Can streams be cancelled at any time in COBOL?', answer);
    expect(strange).toMatchObject({ passed: false, feedback: 'No passage says anything about “COBOL”.' });
    const everyday = await check('Can streams be cancelled at any time, early in the morning?', answer);
    expect(everyday).toMatchObject({ passed: true, answered: true });
  });

  test('a slip of the pen is forgiven, a name that no passage has is not', async () => {
    const answer = claim('To cancel a stream, pass an abort signal [1].');
    expect(await check('abort signal to cancle a stream?', answer)).toMatchObject({ passed: true, answered: true });
    expect((await check('abortStream to cancel a stream?', answer)).answered).toBe(false);
    expect((await check('abort signel9 to cancel?', answer)).score).toBeLessThan(0.65);
  });

  test('having no answer and saying so passes, as no answer', async () => {
    const none = await draft('How do I cancel a stream?', []);
    expect(await check(question, none, [])).toEqual({ passed: true, answered: false, score: 0, feedback: '' });
  });
});

describe('decline', () => {
  test('names the closest pages, each once, at most three', async () => {
    const many = [
      stream,
      { ...stream, id: 'guide/stream#1' },
      caching,
      { ...caching, id: 'x', title: 'X' },
      { ...caching, id: 'y', title: 'Y' },
    ];
    const { text, citations } = await callStep(decline, declineLocal, { question: 'q', passages: many });
    expect(citations.map(({ n, title }) => [n, title])).toEqual([
      [1, 'Streaming'],
      [2, 'Caching'],
      [3, 'X'],
    ]);
    expect(text).toContain('- Caching [2]');
  });

  test('says so when there is nothing close', async () => {
    const { text, citations } = await callStep(decline, declineLocal, { question: 'q', passages: [] });
    expect(text).toContain('do not say');
    expect(citations).toEqual([]);
  });
});

test('sentences end where they end', () => {
  expect(sentencesOf('Use it, e.g. for mail. Or `a.b. c` here. i.e. this. Next')).toEqual([
    'Use it, e.g. for mail.',
    'Or `a.b. c` here. i.e. this.',
    'Next',
  ]);
});
