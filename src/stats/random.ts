/**
 * Seeded random numbers (xoroshiro128+, from `pure-rand`). Every method that draws takes a seed, so that a report can
 * be computed again to the last digit; `Math.random` is used nowhere.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** The seed when none is given: a fixed number, because a default must be repeatable as well. */
export const DEFAULT_SEED = 20_240_229;

export interface Random {
  /** 32 random bits as a signed integer. */
  readonly bits: () => number;
  /** Uniform in [0, 1), with 53 random bits. */
  readonly uniform: () => number;
  /** A whole number in [0, size), for `size` up to 2^32; the bias of the multiplication is below size / 2^32. */
  readonly index: (size: number) => number;
}

/** A generator that gives the same numbers for the same seed. Seeds are taken as 32-bit integers. */
export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0);
  const bits = (): number => generator.next();
  const index = (size: number): number => Math.floor((generator.next() >>> 0) * (size / 4_294_967_296));
  const uniform = (): number =>
    ((generator.next() >>> 5) * 67_108_864 + (generator.next() >>> 6)) / 9_007_199_254_740_992;
  return { bits, uniform, index };
}
