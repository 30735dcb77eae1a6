import { describe, expect, test } from 'vitest';
import { guessLanguage } from '../../src/extractive/enhance-by-rules.ts';
import { createEnhanceSteps } from '../../src/steps/enhance.ts';
import { enhanceQuery } from '../../src/steps/model-steps.ts';
import { noProviders } from '../support/fake-providers.ts';
import { callStep } from './call.ts';

const enhance = (question: string, history?: { role: 'user' | 'assistant'; content: string }[]) =>
  callStep(enhanceQuery, createEnhanceSteps(noProviders)[0]!, { question, ...(history && { history }) });

test('a question that stands alone stays as it is, and is searched once', async () => {
  expect(await enhance('  How do I stream\n text? ')).toEqual({
    standalone: 'How do I stream text?',
    language: 'en',
    intents: [],
    keywords: ['stream', 'text'],
    subQueries: [],
    searchQueries: [],
    queries: ['How do I stream text?'],
    answerable: true,
  });
});

test('a follow-up takes the words it refers to from the last question', async () => {
  const history = [
    { role: 'user' as const, content: 'How do I stream text with useChat?' },
    { role: 'assistant' as const, content: 'Call streamText.' },
  ];
  expect((await enhance('How do I cancel it?', history)).standalone).toBe('How do I cancel it? (stream text useChat)');
  expect((await enhance('And images?', history)).standalone).toBe('And images? (stream text useChat)');
  expect((await enhance('Which embedding models are supported?', history)).standalone).toBe(
    'Which embedding models are supported?',
  );
});

test('a compound question is searched in its parts too', async () => {
  const { queries } = await enhance('How do I embed documents and how can I store vectors in Postgres?');
  expect(queries.slice(0, 3)).toEqual([
    'How do I embed documents and how can I store vectors in Postgres?',
    'How do I embed documents',
    'how can I store vectors in Postgres',
  ]);
});

test('a very long question makes queries an index takes', async () => {
  const question = Array.from({ length: 1_000 }, (_, index) => `word${index}`)
    .join(' ')
    .slice(0, 8_000);
  for (const query of (await enhance(question)).queries) expect(query.split(' ').length).toBeLessThanOrEqual(200);
});

describe('what the contract refuses is said in words', () => {
  test.each([
    ['', 'ask something'],
    [' \n ', 'ask something'],
    ['x'.repeat(1_000_000), 'shorten the question'],
  ])('%#', (question, words) => {
    const parsed = enhanceQuery.input.safeParse({ question });
    expect(parsed.error?.issues[0]?.message).toContain(words);
  });
});

test('language is guessed by script, else by short words', () => {
  expect(guessLanguage('ストリーミングの方法は？')).toBe('ja');
  expect(guessLanguage('как это работает')).toBe('ru');
  expect(guessLanguage('Wie kann ich das mit einem Modell verbinden?')).toBe('de');
  expect(guessLanguage('How is it done?')).toBe('en');
  expect(guessLanguage('useChat')).toBe('und');
});
