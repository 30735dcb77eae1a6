import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordDiff } from '../../src/base/word-diff.ts';
import { citedIn, passageLists } from '../../src/plan/passage-lists.ts';

const without = (pieces: ReturnType<typeof wordDiff>, what: 'gone' | 'come'): string =>
  pieces.flatMap(({ is, text }) => (is === what ? [] : [text])).join('');

describe('differences of texts', () => {
  test('words that stay, that have gone and that have come', () => {
    expect(wordDiff('call it once', 'call it twice')).toEqual([
      { is: 'same', text: 'call it ' },
      { is: 'gone', text: 'once' },
      { is: 'come', text: 'twice' },
    ]);
    expect(wordDiff('a', 'a')).toEqual([{ is: 'same', text: 'a' }]);
    expect(wordDiff('белая кошка', 'белая кашка')).toEqual([
      { is: 'same', text: 'белая ' },
      { is: 'gone', text: 'кошка' },
      { is: 'come', text: 'кашка' },
    ]);
  });

  test('both texts are in it, whole', () => {
    const text = fc.array(fc.constantFrom('a', 'b', ' ', '\n', 'cd')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (one, other) => {
        const pieces = wordDiff(one, other);
        expect([without(pieces, 'come'), without(pieces, 'gone')]).toEqual([one, other]);
      }),
    );
  });

  test('long texts are shown one after the other', () => {
    const [one, other] = ['x '.repeat(3_000), 'y '.repeat(3_000)];
    expect(wordDiff(one, other).map(({ is }) => is)).toEqual(['gone', 'come']);
  });
});

describe('passages', () => {
  test('are known by what they have, whatever the field; other lists are none', () => {
    const passage = { id: 'guide#1', text: 'Call it.', score: 0.5, title: 'Guide' };
    const found = passageLists({ hits: [passage], names: ['a'], none: [], mixed: [passage, 7] });
    expect(found).toEqual([{ field: 'hits', passages: [{ ...passage, url: null, heading: [] }] }]);
    expect(passageLists('text')).toEqual([]);
  });

  test('a score that is missing is not 0', () => {
    expect(passageLists({ hits: [{ id: 'a', text: '' }] })[0]?.passages[0]?.score).toBeNull();
  });

  test('are cited by id, with their numbers; an output without citations says nothing of it', () => {
    expect(citedIn({ citations: [{ n: 2, passageId: 'a' }, 'b'] })).toEqual(
      new Map([
        ['a', '[2]'],
        ['b', ''],
      ]),
    );
    expect(citedIn({ text: 'x' })).toBeNull();
  });
});
