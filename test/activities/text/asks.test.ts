import { expect, test } from 'vitest';
import { asksFor, suits, termsOf } from '../../../src/extractive/terms.ts';

const asks = (question: string) => asksFor(question, termsOf(question));

test('a question asks for a definition, for what to do, or for something else', () => {
  for (const question of ['What is a tool?', "what's RSC", 'What are embeddings used for?'])
    expect(asks(question)).toBe('definition');
  for (const question of ['How do I stream text?', 'so how can I do that?', 'how to cache']) {
    expect(asks(question)).toBe('instruction');
  }
  for (const question of ['Why is it slow?', 'What is the fastest model for long prompts in production?'])
    expect(asks(question)).toBe('other');
});

test('a definition has what is defined before it', () => {
  const terms = termsOf('What is a tool?');
  for (const sentence of ['A tool is an object.', 'Tools are called by models.', 'In short, a tool is an object.'])
    expect([sentence, suits('definition', sentence, terms)]).toEqual([sentence, !sentence.startsWith('In')]);
  expect(suits('definition', 'An object is not a tool.', terms)).toBe(false);
  expect(suits('definition', 'Each tool call is typed.', terms)).toBe(false);
  expect(suits('definition', 'A provider tool is a tool.', terms)).toBe(true);
  expect(suits('definition', 'A tool.', terms)).toBe(false);
});

test('an instruction begins with what to do', () => {
  for (const sentence of ['Use a tool.', 'You can pass it.', 'To stream, call it.', 'Then, set it.'])
    expect(suits('instruction', sentence, [])).toBe(true);
  for (const sentence of ['Users can do that.', 'It is used.']) expect(suits('instruction', sentence, [])).toBe(false);
  expect(suits('other', 'Use a tool.', [])).toBe(false);
});
