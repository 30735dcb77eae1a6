/** The sign-flip test's fast sums against plain ones: not one draw may be counted otherwise. */
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../../src/stats/random.ts';
import { type Flipped, signFlip, signFlips } from '../../src/stats/sign-flip.ts';

const SEED = 20_240_229;

/** As it is defined: a word of random bits for 32 units, bit by bit, in doubles, by blocks of eight. */
function plainP(units: readonly number[], draws: number, seed = SEED): number {
  const { bits } = randomFrom(seed);
  const words = Math.ceil(units.length / 32);
  const size = units.reduce((sum, value) => sum + Math.abs(value), 0);
  const threshold = Math.abs(units.reduce((sum, value) => sum + value, 0)) - 1e-12 * size;
  let extreme = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    const signs = Array.from({ length: words }, bits);
    let sum = 0;
    for (let from = 0; from < units.length; from += 8) {
      const block = units.slice(from, from + 8).reduce((total, value, place) => {
        const unit = from + place;
        return (signs[Math.floor(unit / 32)]! >>> (unit % 32)) & 1 ? total - value : total + value;
      }, 0);
      sum += block;
    }
    if (Math.abs(sum) >= threshold) extreme += 1;
  }
  return (1 + extreme) / (1 + draws);
}

const { uniform, index } = randomFrom(11);
const listOf = (length: number, value: () => number): readonly number[] => Array.from({ length }, value);
const LISTS: readonly (readonly [what: string, list: readonly number[]])[] = [
  ['just beyond what is counted', listOf(17, () => uniform() - 0.4)],
  ['a word to the last bit', listOf(64, () => uniform() - 0.45)],
  ['quarters, of which many sums tie', listOf(300, () => (index(9) - 4) / 4)],
  ['tenths, of which many sums tie but for rounding', listOf(301, () => (index(21) - 10) / 10)],
  ['mostly nothing', listOf(700, () => (index(20) === 0 ? index(3) - 1 : 0))],
  ['milliseconds', listOf(257, () => index(4_000) - 1_980)],
  ['one that is all', [1e9, ...listOf(60, () => uniform() - 0.5)]],
  ['next to nothing', listOf(40, () => (uniform() - 0.5) * 1e-305)],
  ['next to too much', listOf(40, () => (uniform() - 0.45) * 1e305)],
  ['no difference in sum', [...listOf(20, () => 1), ...listOf(20, () => -1)]],
];

describe('drawn p-values', () => {
  test.each(LISTS)('%s', (_, list) => {
    expect(signFlip(list, { draws: 999 }).p).toBe(plainP(list, 999));
    expect(signFlip(list, { draws: 300, seed: 5 }).p).toBe(plainP(list, 300, 5));
  });

  test('draws are the same however many are summed up side by side', () => {
    const list = listOf(33, () => uniform() - 0.42);
    expect(signFlip(list, { draws: 9_001 }).p).toBe(plainP(list, 9_001));
  });

  test('are what they were when they were first reported', () => {
    const { uniform: drawn } = randomFrom(5);
    const list = Array.from({ length: 1_000 }, () => drawn() - 0.49);
    expect(signFlip(list).p).toBe(0.009249537523123843);
  });
});

describe('several lists', () => {
  test('are told what each would be alone, in their order, whatever is beside them', () => {
    const drawn = Array.from({ length: 19 }, (_, place) => listOf(90 + (place % 3) * 32, () => uniform() - 0.45));
    const lists: readonly Flipped[] = [
      ...drawn.map((d) => ({ d })),
      { d: [1, 2, 3] },
      { d: [1] },
      { d: [1, Number.NaN] },
      { d: drawn[0]!, cluster: drawn[0]!.map((_, place) => place % 30) },
      { d: [1, 2], cluster: ['a'] },
    ];
    const alone = lists.map(({ d, cluster }) => signFlip(d, { draws: 500, ...(cluster && { cluster }) }));
    expect(signFlips(lists, { draws: 500 })).toEqual(alone);
    expect(alone.slice(-5).map(({ status }) => status)).toEqual([
      'ok',
      'insufficient_data',
      'invalid_input',
      'ok',
      'invalid_input',
    ]);
    expect(signFlips([])).toEqual([]);
  });
});
