/**
 * The sign-flip test: under "no difference" each unit's difference could as well have had the other sign. It needs no
 * normality, so it is the p-value shown beside the paired t-test. Exact up to 16 units, seeded draws beyond.
 */
import { areCounts, areFinite } from './checks.ts';
import { clusterSums } from './clusters.ts';
import { DEFAULT_SEED } from './random.ts';
import { answer, LENGTHS_DIFFER, NOT_FINITE, problem, type Result } from './result.ts';
import { countExtreme, type FlippedList } from './sign-flip-draws.ts';

/** Up to this many units all 2^n sign patterns are counted. */
export const EXACT_UNITS = 16;
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
 * Exact for up to 16 units: the share of sign patterns at least as extreme. Beyond, p = (1 + extreme)/(1 + draws) with
 * 20,000 seeded draws. Ties count as extreme. Errors: `insufficient_data` below two units. All differences 0: p = 1.
 */
export function signFlip(d: readonly number[], { cluster, ...options }: SignFlipOptions = {}): Result<{ p: number }> {
  return signFlips([{ d, ...(cluster !== undefined && { cluster }) }], options)[0]!;
}

/** Of several lists the p of each, as `signFlip` has it of one: together they take a fraction of the time. */
export function signFlips(
  lists: readonly Flipped[],
  { seed = DEFAULT_SEED, draws = DEFAULT_DRAWS }: FlipOptions = {},
): readonly Result<{ p: number }>[] {
  const tested = lists.map((list) => testOf(list, { seed, draws }));
  const drawn = tested.filter((test) => 'values' in test);
  const extreme = new Map(countExtreme(drawn, { seed, draws }).map((count, place) => [drawn[place]!, count]));
  return tested.map((test) => ('values' in test ? answer({ p: (1 + extreme.get(test)!) / (1 + draws) }) : test));
}

/** What is to be drawn, or what needs no draws. */
function testOf({ d, cluster }: Flipped, { seed, draws }: Required<FlipOptions>): FlippedList | Result<{ p: number }> {
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
    const sums = signedSums(units);
    return answer({ p: countSums(sums, threshold) / sums.length });
  }
  // No sum is below nothing.
  if (threshold <= 0) return answer({ p: 1 });
  return { values: Float64Array.from(units), size, threshold };
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

function countSums(sums: Float64Array, threshold: number): number {
  let extreme = 0;
  for (const sum of sums) if (Math.abs(sum) >= threshold) extreme += 1;
  return extreme;
}
