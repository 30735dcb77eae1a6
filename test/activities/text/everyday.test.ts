import { expect, test } from 'vitest';
import { rarityInEnglish } from '../../../src/extractive/terms.ts';

test('the rarer a word is in English, the more it tells; unknown names tell most', () => {
  const rarities = ['the', 'somebody', 'bubble', 'karaoke', 'tiktoken'].map((word) => rarityInEnglish([word]));
  expect(rarities).toEqual([...rarities].sort((one, other) => one - other));
  expect(new Set(rarities).size).toBe(rarities.length);
  expect(rarityInEnglish(['streamText'])).toBe(rarityInEnglish(['tiktoken']));
});

test('is the distance to the top of the Zipf scale', () => {
  // 'the' is counted 1,501,908 times in 51 million words: Zipf 7.47.
  expect(rarityInEnglish(['chicken'])).toBeCloseTo(7.5 - (Math.log10(3_149 / 51) + 3), 10);
  expect(rarityInEnglish(['the'])).toBe(0.5);
});

test('letters are small or capital alike, and the commonest of several forms counts', () => {
  expect(rarityInEnglish(['Chicken'])).toBe(rarityInEnglish(['chicken']));
  expect(rarityInEnglish(['chickenpox', 'chicken'])).toBe(rarityInEnglish(['chicken']));
});
