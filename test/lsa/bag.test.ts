import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bagOf, termsOf } from '../../src/lsa/corpus.ts';

const entries = (text: string) => Object.fromEntries(termsOf(text));

test('words lose case, ending and whatever is no letter or digit', () => {
  expect(entries('Streaming, streamed: STREAMS!')).toEqual({ stream: 3 });
  expect(entries('generateText(`gpt-4`) /api/chat')).toEqual({ generatetext: 1, gpt: 1, 4: 1, api: 1, chat: 1 });
  expect(entries('Äpfel; naïve, ﬁle')).toEqual({ äpfel: 1, naïv: 1, file: 1 });
});

test('combining marks belong to their letter', () => {
  expect(entries('हिन्दी')).toEqual({ हिन्दी: 1 });
});

test('stop words and words too long to be words are left out', () => {
  expect(entries("What does it do, when and why? Don't you just have to!")).toEqual({});
  expect(entries(`token ${'x'.repeat(65)} ${'z'.repeat(64)}`)).toEqual({ token: 1, [`${'z'.repeat(64)}`]: 1 });
});

test('a word in the title counts two more', () => {
  const { id, terms } = bagOf({ id: 'one', title: 'Caching tokens', text: 'Tokens are cached. Tokens cost money.' });
  expect(id).toBe('one');
  expect(Object.fromEntries(terms)).toEqual({ token: 4, cach: 3, cost: 1, monei: 1 });
});

test('any text has terms that are well formed and counted at least once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const [term, count] of termsOf(text)) {
        expect(term.isWellFormed() && term.length > 0 && !term.includes(' ')).toBe(true);
        expect(count).toBeGreaterThanOrEqual(1);
      }
    }),
    { seed: 1 },
  );
});
