/**
 * From exact sums to means and variances. Sums of squares minus squares of sums lose all digits in floating point, and none
 * in whole numbers: everything is worked out as a fraction of integers, which becomes a number once, rounded correctly.
 * So equal sums give equal numbers, bit for bit, on every machine.
 */
import { SluiceError } from '../base/errors.ts';
import { VALUE_SCALE } from '../model/experiment-spec.ts';
import type { MetricCell } from '../model/look-data.ts';
import type { ArmSummary } from '../stats/moments.ts';

const SCALE = BigInt(VALUE_SCALE);
/** Bits of a quotient, with more than a number's 53 left to round by. */
const QUOTIENT_BITS = 66;
const INTEGER = /^-?\d{1,60}$/;

/** The sums of a cell as integers, in millionths and their squares. */
export interface ExactSums {
  readonly n: bigint;
  readonly v: bigint;
  readonly vv: bigint;
  readonly d: bigint;
  readonly dd: bigint;
  readonly vd: bigint;
}

/**
 * Reads a cell's sums.
 *
 * @throws SluiceError `look_data_invalid` for a sum that is no whole number
 */
export function exactSums(cell: MetricCell): ExactSums {
  const read = (name: 'v' | 'vv' | 'd' | 'dd' | 'vd'): bigint => {
    if (INTEGER.test(cell[name])) return BigInt(cell[name]);
    throw new SluiceError('look_data_invalid', {
      message: `metric ${cell.metric}, stage ${cell.stage}, arm ${cell.arm}: the sum '${name}' is '${cell[name].slice(0, 80)}', which is no whole number`,
      remedy: 'sums are whole millionths as decimal text; a ledger that was changed by hand has to be restored',
    });
  };
  return { n: BigInt(cell.n), v: read('v'), vv: read('vv'), d: read('d'), dd: read('dd'), vd: read('vd') };
}

/** The number nearest to numerator/denominator; the denominator must be above 0. */
export function quotient(numerator: bigint, denominator: bigint): number {
  if (numerator < 0n) return -quotient(-numerator, denominator);
  if (numerator === 0n) return 0;
  const shift = BigInt(QUOTIENT_BITS + bitLength(denominator) - bitLength(numerator));
  const scaled = shift >= 0n ? numerator << shift : numerator;
  const divisor = shift >= 0n ? denominator : denominator << -shift;
  const whole = scaled / divisor;
  // A remainder makes the last bit 1, far below what is rounded: halves are told from a little more than halves.
  const sticky = scaled % divisor === 0n ? whole : whole | 1n;
  return Number(sticky) * 2 ** -Number(shift);
}

const bitLength = (value: bigint): number => value.toString(2).length;

/** Mean and variance of n units' values, in the metric's own unit. */
export function exactMean(n: bigint, v: bigint, vv: bigint): ArmSummary {
  if (n === 0n) return { n: 0, mean: 0, variance: 0 };
  const variance = n < 2n ? 0 : quotient(notNegative(n * vv - v * v), n * (n - 1n) * SCALE * SCALE);
  return { n: Number(n), mean: quotient(v, n * SCALE), variance };
}

/**
 * A ratio of sums as if it were a mean: its value R, and the variance of the units' linearised values (V - R D)/mean(D), which
 * is the delta method (Deng, Knoblich and Lu 2018). An arm whose denominators sum to nothing says nothing, and has no units.
 */
export function exactRatio({ n, v, vv, d, dd, vd }: ExactSums): ArmSummary {
  if (n === 0n || d <= 0n) return { n: 0, mean: 0, variance: 0 };
  const squares = notNegative(vv * d * d - 2n * v * d * vd + v * v * dd);
  const variance = n < 2n ? 0 : quotient(squares * n * n, d ** 4n * (n - 1n));
  return { n: Number(n), mean: quotient(v, d), variance };
}

/** Sums that belong together never give less than 0; those that somebody changed might. */
const notNegative = (value: bigint): bigint => (value < 0n ? 0n : value);
