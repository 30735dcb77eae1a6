/**
 * The sign-flip test: under "no difference" each unit's difference could as well have had the other sign. It needs no
 * normality, so it is the p-value shown with the paired t-test. Exact up to 16 units, seeded draws up to 1,000, the normal
 * limit beyond.
 */

import { twoSidedNormalP } from './distributions.ts';
import { DEFAULT_SEED, randomFrom } from './random.ts';
import { answer, areCounts, areFinite, LENGTHS_DIFFER, NOT_FINITE, problem, type Result } from './result.ts';
import { clusterSums } from './t-test.ts';

/** Up to this many units all 2^n sign patterns are counted. */
export const EXACT_UNITS = 16;
/** Up to this many units signs are drawn; beyond, the sum is taken as normal unless one unit dominates it. */
export const DRAWN_UNITS = 1_000;
/** The normal limit needs every unit to be at most this share of the sum's standard deviation. */
const MAX_NORMAL_WEIGHT = 0.25;
export const DEFAULT_DRAWS = 20_000;
/** More draws than this are refused: the p-value would gain no digit that anyone reads. */
export const MAX_DRAWS = 1_000_000;

/** Sums that should tie can differ by rounding; relative to the sum of all sizes. */
const TIE_SLACK = 1e-12;

/** A list of differences. */
export interface Flipped {
  readonly d: readonly number[];
  /** Cluster of each difference: whole clusters are flipped, by their totals. */
  readonly cluster?: readonly (string | number)[];
}

export interface FlipOptions {
  readonly seed?: number;
  readonly draws?: number;
}

export interface SignFlipOptions extends FlipOptions, Pick<Flipped, 'cluster'> {}

/**
 * Two-sided sign-flip p of the sum of differences (Fisher 1935; Phipson and Smyth 2010 for the added one of drawn
 * p-values). Contract kind `sign_flip`.
 *
 * Up to 16 units: the share of sign patterns at least as extreme. Up to 1,000: p = (1 + extreme)/(1 + draws) with 20,000
 * seeded draws. Beyond: the normal limit, or draws as before if one unit weighs more than a quarter of the sum's standard
 * deviation. Ties count as extreme. Errors: `insufficient_data` below two units. All differences 0: p = 1.
 */
export function signFlip(d: readonly number[], { cluster, ...options }: SignFlipOptions = {}): Result<{ p: number }> {
  return signFlips([{ d, ...(cluster !== undefined && { cluster }) }], options)[0]!;
}

/** The p of each list, as `signFlip` gives it: lists of about the same length share the drawn signs. */
export function signFlips(
  lists: readonly Flipped[],
  { seed = DEFAULT_SEED, draws = DEFAULT_DRAWS }: FlipOptions = {},
): readonly Result<{ p: number }>[] {
  const tested = lists.map((list) => testOf(list, { seed, draws }));
  const drawn = tested.filter((test) => 'values' in test);
  const extreme = countExtreme(drawn, { seed, draws });
  return tested.map((test) => ('values' in test ? answer({ p: (1 + extreme.get(test)!) / (1 + draws) }) : test));
}

interface DrawnTest {
  readonly values: Float64Array;
  /** Sums of at least this absolute value are extreme. */
  readonly threshold: number;
}

/** What is to be drawn, or the result that needs no draws. */
function testOf({ d, cluster }: Flipped, { seed, draws }: Required<FlipOptions>): DrawnTest | Result<{ p: number }> {
  const none = { p: null };
  if (!areFinite(d) || !Number.isSafeInteger(seed)) return problem('invalid_input', NOT_FINITE, none);
  if (!areCounts(draws) || draws < 1 || draws > MAX_DRAWS) {
    return problem('invalid_input', `draws must be a whole number from 1 to ${MAX_DRAWS}`, none);
  }
  if (cluster !== undefined && cluster.length !== d.length) return problem('invalid_input', LENGTHS_DIFFER, none);
  const units = cluster === undefined ? d : clusterSums(d, cluster);
  if (units.length < 2) return problem('insufficient_data', 'at least two units are needed', none);
  const observed = Math.abs(units.reduce((sum, value) => sum + value, 0));
  const size = units.reduce((sum, value) => sum + Math.abs(value), 0);
  if (!Number.isFinite(size)) return problem('invalid_input', NOT_FINITE, none);
  const threshold = observed - TIE_SLACK * size;
  if (units.length <= EXACT_UNITS) {
    const sums = new Float64Array(2 ** units.length);
    fillSums(sums, units, 0, units.length);
    return answer({ p: countFrom(sums, sums.length, threshold) / sums.length });
  }
  // Every sum is as extreme as 0.
  if (threshold <= 0) return answer({ p: 1 });
  const normal = units.length > DRAWN_UNITS ? normalP(units, observed) : null;
  return normal === null ? { values: Float64Array.from(units), threshold } : answer({ p: normal });
}

/**
 * The p of the normal limit, or null if one unit dominates the sum. Flipping the smallest unit moves the sum by twice its
 * size, so half of that is the continuity correction: without it 13 of 17 discordant pairs would read .03 instead of .05.
 */
function normalP(units: readonly number[], observed: number): number | null {
  let [largest, smallest] = [0, Number.POSITIVE_INFINITY];
  for (const unit of units) {
    if (unit === 0) continue;
    largest = Math.max(largest, Math.abs(unit));
    smallest = Math.min(smallest, Math.abs(unit));
  }
  // In units of the largest, so that no square overflows or vanishes.
  const deviation = Math.sqrt(units.reduce((sum, unit) => sum + (unit / largest) ** 2, 0));
  if (1 > MAX_NORMAL_WEIGHT * deviation) return null;
  return twoSidedNormalP(Math.max(0, observed / largest - smallest / largest) / deviation);
}

interface Draws {
  readonly seed: number;
  readonly draws: number;
}

/** A word of random bits holds the signs of so many units. */
const WORD = 32;
/** Values are summed in blocks, each with the signs of one byte: a table holds the 256 possible sums of a block. */
const BLOCK = 8;
const PATTERNS = 2 ** BLOCK;
/** Draws that are summed together: their sums stay in the processor's nearest cache. */
const BATCH = 2_048;
/** Words of signs in memory at once, at most; very long lists are drawn in smaller batches. */
const MAX_SIGNS = 4_000_000;

/** Counts the extreme draws of each list. Lists that need the same number of words share the drawn signs. */
function countExtreme(tests: readonly DrawnTest[], { seed, draws }: Draws): ReadonlyMap<DrawnTest, number> {
  const extreme = new Map(tests.map((test) => [test, 0]));
  for (const [words, alike] of Map.groupBy(tests, ({ values }) => Math.ceil(values.length / WORD))) {
    const { bits } = randomFrom(seed);
    const batch = Math.min(draws, BATCH, Math.max(1, Math.floor(MAX_SIGNS / words)));
    const signs = new Int32Array(words * batch);
    const sums = new Float64Array(batch);
    for (let drawn = 0; drawn < draws; drawn += batch) {
      const size = Math.min(batch, draws - drawn);
      for (let draw = 0; draw < size; draw += 1) {
        for (let word = 0; word < words; word += 1) signs[word * batch + draw] = bits();
      }
      for (const test of alike) {
        sumDraws(sums, test.values, signs);
        extreme.set(test, extreme.get(test)! + countFrom(sums, size, test.threshold));
      }
    }
  }
  return extreme;
}

/** Sums the values under each draw's signs, block by block, in one fixed order: a p is the same on every machine. */
function sumDraws(sums: Float64Array, values: Float64Array, signs: Int32Array): void {
  const table = new Float64Array((WORD / BLOCK) * PATTERNS);
  sums.fill(0);
  for (let from = 0, at = 0; from < values.length; from += WORD, at += sums.length) {
    for (let block = 0; block < WORD / BLOCK; block += 1) {
      fillSums(table.subarray(block * PATTERNS, (block + 1) * PATTERNS), values, from + block * BLOCK, BLOCK);
    }
    for (let draw = 0; draw < sums.length; draw += 1) {
      const word = signs[at + draw]!;
      const half = sums[draw]! + table[word & 255]! + table[256 + ((word >>> 8) & 255)]!;
      sums[draw] = half + table[512 + ((word >>> 16) & 255)]! + table[768 + (word >>> 24)]!;
    }
  }
}

/**
 * Fills `sums` with the sums of the values [from, from + count) under all sign patterns. Bit i of the position tells whether
 * value i is negative; values beyond the end are 0.
 */
function fillSums(sums: Float64Array, values: ArrayLike<number>, from: number, count: number): void {
  sums[0] = 0;
  for (let place = 0; place < count; place += 1) {
    const value = values[from + place] ?? 0;
    const filled = 2 ** place;
    for (let pattern = 0; pattern < filled; pattern += 1) {
      const sum = sums[pattern]!;
      sums[pattern] = sum + value;
      sums[pattern + filled] = sum - value;
    }
  }
}

function countFrom(sums: Float64Array, size: number, threshold: number): number {
  let extreme = 0;
  for (let draw = 0; draw < size; draw += 1) if (Math.abs(sums[draw]!) >= threshold) extreme += 1;
  return extreme;
}
