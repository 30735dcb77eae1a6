import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkRunInput } from '../../src/client/run-input.ts';

const Question = z.object({ question: z.string().trim().min(1), tags: z.array(z.string()).optional() });
const check = (input: unknown) => checkRunInput('docs-bot', Question, input);

describe("a run's input", () => {
  test('comes out as its schema parses it', () => {
    expect(check({ question: '  why? ' })).toEqual({ question: 'why?' });
  });

  test('that does not fit is refused by field', () => {
    expect(() => check({ question: '' })).toThrow(
      expect.objectContaining({ code: 'input_invalid', message: expect.stringContaining('question') }),
    );
    expect(() => check({ question: 'why?', tags: ['a', 7] })).toThrow(/tags\[1\]/);
  });

  test.each([
    ['a NUL character', 'a\0b'],
    ['half a surrogate pair', 'cut \ud83d'],
  ])('with %s is refused, since the database could not hold it', (_, text) => {
    expect(() => check({ question: 'why?', tags: ['fine', text] })).toThrow(
      expect.objectContaining({ code: 'input_invalid', data: { field: 'tags.1' } }),
    );
  });

  test('of more than 1.5 MB is refused before anything is started', () => {
    expect(() => check({ question: 'x'.repeat(1_600_000) })).toThrow(
      expect.objectContaining({ code: 'PayloadTooLarge' }),
    );
  });
});
