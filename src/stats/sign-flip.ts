/**
 * The sign-flip test: under "no difference" each unit's difference could as well have had the other sign. It needs no
 * normality, so it is the p-value shown beside the paired t-test. Exact up to 16 units, seeded draws beyond.
 */
import { areCounts, areFinite } from './checks.ts';
import { clusterSums } from './clusters.ts';
import { DEFAULT_SEED, randomFrom } from './random.ts';
import { answer, LENGTHS_DIFFER, NOT_FINITE, problem, type Result } from './result.ts';

/** Up to this many units all 2^n sign patterns are counted. */
export const EXACT_UNITS = 16;
export const DEFAULT_DRAWS = 20_000;
/** More draws than this are refused: the p-value would gain no digit that anyone reads. */
export const MAX_DRAWS = 1_000_000;

/** Signs are drawn for this many units at once: one random byte picks one of 256 precomputed partial sums. */
const BLOCK = 8;
/** Draws that are summed side by side: the tables of one block are then read while they are at hand. */
const BATCH = 512;
/** Sums that should tie can differ by rounding; relative to the sum of all sizes. */
const TIE_SLACK = 1e-12;

export interface SignFlipOptions {
  /** Cluster of each difference: whole clusters are flipped, by their totals. */
  readonly cluster?: readonly (string | number)[];
  readonly seed?: number;
  readonly draws?: number;
}

/**
 * Two-sided sign-flip p of the sum of differences (Fisher 1935; Phipson and Smyth 2010 for the added one of drawn
 * p-values). Contract kind `sign_flip`.
 *
 * Exact for up to 16 units: the share of sign patterns at least as extreme. Beyond, p = (1 + extreme)/(1 + draws) with
 * 20,000 seeded draws. Ties count as extreme. Errors: `insufficient_data` below two units. All differences 0: p = 1.
 */
export function signFlip(d: readonly number[], options: SignFlipOptions = {}): Result<{ p: number }> {
  const none = { p: null };
  const { cluster, seed = DEFAULT_SEED, draws = DEFAULT_DRAWS } = options;
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
    const sums = signedSums(units);
    return answer({ p: countExtreme(sums, threshold) / sums.length });
  }
  return answer({ p: (1 + drawExtreme(units, threshold, seed, draws)) / (1 + draws) });
}

/** The sums of the values under all 2^n sign patterns; bit i of the position tells whether value i is negative. */
function signedSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** values.length);
  let filled = 1;
  for (const value of values) {
    for (let pattern = 0; pattern < filled; pattern += 1) {
      const sum = sums[pattern]!;
      sums[pattern] = sum + value;
      sums[pattern + filled] = sum - value;
    }
    filled *= 2;
  }
  return sums;
}

function countExtreme(sums: Float64Array, threshold: number): number {
  let extreme = 0;
  for (const sum of sums) if (Math.abs(sum) >= threshold) extreme += 1;
  return extreme;
}

function drawExtreme(units: readonly number[], threshold: number, seed: number, draws: number): number {
  const words = Math.ceil(units.length / (4 * BLOCK));
  const padded = [...units, ...new Array<number>(4 * BLOCK * words - units.length).fill(0)];
  const tables = Array.from({ length: 4 * words }, (_, block) =>
    signedSums(padded.slice(block * BLOCK, (block + 1) * BLOCK)),
  );
  const random = randomFrom(seed);
  const bits = new Int32Array(words * BATCH);
  const sums = new Float64Array(BATCH);
  let extreme = 0;
  for (let drawn = 0; drawn < draws; drawn += BATCH) {
    const batch = Math.min(BATCH, draws - drawn);
    for (let draw = 0; draw < batch; draw += 1) {
      for (let word = 0; word < words; word += 1) bits[word * BATCH + draw] = random.bits();
    }
    sums.fill(0);
    for (let word = 0; word < words; word += 1) addWord(sums, tables, bits, word);
    for (let draw = 0; draw < batch; draw += 1) if (Math.abs(sums[draw]!) >= threshold) extreme += 1;
  }
  return extreme;
}

/** Adds what one word of bits, four blocks' signs, gives to the sum of each draw. */
function addWord(sums: Float64Array, tables: readonly Float64Array[], bits: Int32Array, word: number): void {
  const [first, second, third, fourth] = tables.slice(4 * word, 4 * word + 4) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let draw = 0; draw < BATCH; draw += 1) {
    const signs = bits[word * BATCH + draw]!;
    sums[draw] =
      sums[draw]! +
      first[signs & 255]! +
      second[(signs >>> 8) & 255]! +
      third[(signs >>> 16) & 255]! +
      fourth[signs >>> 24]!;
  }
}
