/** The sign-flip test: its table sums against plain ones, draw by draw; its p against recorded ones; its normal limit against draws. */
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

  test('are those of the first report', () => {
    const { uniform: drawn } = randomFrom(5);
    const list = Array.from({ length: 1_000 }, () => drawn() - 0.49);
    expect(signFlip(list).p).toBe(0.009249537523123843);
  });
});

describe('recorded p-values up to 1,000 units', () => {
  const { uniform: share, index: below } = randomFrom(77);
  // Recorded from the earlier implementation in WebAssembly: 20,000 draws, then 5,000 draws with seed 7.
  const RECORDED: readonly (readonly [what: string, list: readonly number[], p: number, pOfSeed7: number])[] = [
    ['16 units', listOf(16, () => share() - 0.35), 0.039947509765625, 0.039947509765625],
    ['17 units', listOf(17, () => share() - 0.35), 0.2142892855357232, 0.21455708858228353],
    ['two full words', listOf(64, () => share() - 0.42), 0.21288935553222338, 0.21335732853429315],
    [
      'sixteenths, many ties',
      listOf(149, () => (below(9) - 4) / 4 + 0.0625 * below(2)),
      0.8442077896105195,
      0.828634273145371,
    ],
    [
      'tenths, ties but for rounding',
      listOf(301, () => (below(21) - 9) / 10),
      0.14474276286185692,
      0.14857028594281144,
    ],
    ['mostly 0', listOf(700, () => (below(20) === 0 ? below(3) - 0.7 : 0)), 0.09534523273836308, 0.09038192361527694],
    ['1 or -1', listOf(999, () => (below(100) < 53 ? 1 : -1)), 0.12534373281335934, 0.12917416516696661],
    ['1,000 units', listOf(1_000, () => share() - 0.485), 0.11904404779761012, 0.11257748450309939],
    [
      'one unit outweighs the others',
      [40, ...listOf(499, () => share() - 0.45)],
      0.0018499075046247689,
      0.001999600079984003,
    ],
  ];

  test.each(RECORDED)('%s > equal to the last bit', (_, list, p, pOfSeed7) => {
    expect(signFlip(list)).toEqual({ status: 'ok', p });
    expect(signFlip(list, { draws: 5_000, seed: 7 })).toEqual({ status: 'ok', p: pOfSeed7 });
  });

  test('clusters > equal to the last bit', () => {
    const list = RECORDED.find(([what]) => what === '1,000 units')![1];
    const cluster = list.map((_, place) => place % 120);
    expect(signFlip(list, { cluster }).p).toBe(0.1559922003899805);
  });
});

describe('normal limit beyond 1,000 units', () => {
  /** Adds units of 0, which change no sum under any signs, until draws give way to the normal limit. */
  const padded = (list: readonly number[]): readonly number[] => [
    ...list,
    ...new Array<number>(1_001 - list.length).fill(0),
  ];

  test.each([
    ['continuous values, no effect', listOf(1_000, () => uniform() - 0.5)],
    ['continuous values, p near .05', listOf(1_000, () => uniform() - 0.482)],
    ['continuous values, p near .001', listOf(1_000, () => uniform() - 0.47)],
    ['1 or -1, p near .05', [...listOf(531, () => 1), ...listOf(469, () => -1)]],
    ['17 discordant units', [...listOf(13, () => 1), ...listOf(4, () => -1)]],
    ['30 discordant units', [...listOf(21, () => 1), ...listOf(9, () => -1)]],
    ['tenths', listOf(500, () => (index(21) - 9) / 10)],
    ['one unit at a quarter of the deviation', [2.9, ...listOf(900, () => (uniform() - 0.47) * 1.4)]],
  ])('%s > agrees with 200,000 draws', (_, list) => {
    const drawn = signFlip(list, { draws: 200_000 }).p!;
    const limit = signFlip(padded(list)).p!;
    // Four standard errors of the draws, and what a sum of few units differs from a normal one.
    const allowed = 4 * Math.sqrt((drawn * (1 - drawn)) / 200_000) + 0.06 * drawn;
    expect(Math.abs(limit - drawn)).toBeLessThan(allowed);
    expect(signFlip(padded(list), { draws: 300, seed: 5 }).p).toBe(limit);
  });

  test('16 equal units > near the exact p and above it', () => {
    const list = [...listOf(12, () => 1), ...listOf(4, () => -1)];
    const [exact, limit] = [signFlip(list).p!, signFlip(padded(list)).p!];
    expect(limit).toBeGreaterThan(exact);
    expect(limit - exact).toBeLessThan(0.005);
  });

  test.each([
    ['one unit above a quarter of the deviation', [60, ...listOf(1_200, () => uniform() - 0.45)]],
    ['15 discordant units', padded([...listOf(11, () => 1), ...listOf(4, () => -1)])],
  ])('%s > draws as up to 1,000 units', (_, list) => {
    expect(signFlip(list, { draws: 999 }).p).toBe(plainP(list, 999));
    expect(signFlip(list, { draws: 300, seed: 5 }).p).toBe(plainP(list, 300, 5));
  });

  test('extreme values > neither overflow nor vanish', () => {
    const list = listOf(1_500, () => uniform() - 0.48);
    const p = signFlip(list).p!;
    for (const scale of [2 ** -1000, 2 ** 1000])
      expect(signFlip(list.map((value) => value * scale)).p).toBeCloseTo(p, 12);
    expect(signFlip(padded([1])).p).toBe(1);
    expect(signFlip(new Array(5_000).fill(0)).p).toBe(1);
    expect(signFlip([...listOf(600, () => 1), ...listOf(600, () => -1)]).p).toBe(1);
    expect(signFlip(new Array(5_000).fill(1)).p).toBeGreaterThanOrEqual(0);
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
