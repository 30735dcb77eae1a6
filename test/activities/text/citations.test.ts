import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { citedText } from '../../../src/extractive/normal-form.ts';
import { readDraft } from '../../../src/steps/generate.ts';
import { NO_ANSWER } from '../../../src/steps/prompts.ts';

function read(pieces: readonly string[], passages = 3) {
  const text = citedText(passages);
  const shown = pieces.map((piece) => text.push(piece)).join('') + text.end();
  return { shown, cited: [...text.cited], unknown: [...text.unknown] };
}

describe('citations in a text', () => {
  test.each([
    ['It streams [1].', 'It streams [1].', [1], []],
    ['It streams[2], also [1, 3].', 'It streams[2], also [1][3].', [2, 1, 3], []],
    ['It streams [7].', 'It streams.', [], [7]],
    ['Both [1][9] and [2, 8].', 'Both [1] and [2].', [1, 2], [9, 8]],
    [
      'The first is `items[0]`, the ninth `items[9]` [1].',
      'The first is `items[0]`, the ninth `items[9]` [1].',
      [1],
      [],
    ],
    [
      'So [2]:\n\n```js\nlist[8]\n\nlist[9]\n```\n\nAnd [3].',
      'So [2]:\n\n```js\nlist[8]\n\nlist[9]\n```\n\nAnd [3].',
      [2, 3],
      [],
    ],
    ['A stray ` tick.\n\nThen [9] and [1].', 'A stray ` tick.\n\nThen and [1].', [1], [9]],
    ['An index [0], a year [2024], an open [1', 'An index [0], a year [2024], an open [1', [], []],
    ['Ends in white space [1] \n', 'Ends in white space [1]', [1], []],
    ['', '', [], []],
  ] as const)('%j', (text, shown, cited, unknown) => {
    expect(read([text])).toEqual({ shown, cited, unknown });
  });

  test('are the same however the text is cut into pieces', () => {
    const parts = fc.constantFrom('a', ' ', '\n', '\n\n', '[', ']', '1', '9', ',', '`', '```', '[1]', ' [9]', '[1, 2]');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), fc.array(fc.nat(30), { maxLength: 8 }), (words, cuts) => {
        const text = words.join('');
        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((one, other) => one - other);
        const pieces = [0, ...at].map((start, index) => text.slice(start, at[index] ?? text.length));
        expect(pieces.join('')).toBe(text);
        expect(read(pieces)).toEqual(read([text]));
      }),
      { seed: 6, numRuns: 2_000 },
    );
  });
});

describe('the mark of no answer', () => {
  test.each([
    [NO_ANSWER, '', true],
    [`\n ${NO_ANSWER}.\nSorry!`, '', true],
    [NO_ANSWER.slice(0, 5), NO_ANSWER.slice(0, 5), false],
    [`Not ${NO_ANSWER} [1]`, `Not ${NO_ANSWER} [1]`, false],
    ['', '', false],
  ])('%j', (whole, text, isNoAnswer) => {
    const read = readDraft(whole, 3);
    expect([read.text, read.draft.isNoAnswer()]).toEqual([text, isNoAnswer]);
  });
});
