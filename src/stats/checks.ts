/**
 * What counts as acceptable input, once for all methods. Values that reach a method are complete: whoever calls drops
 * missing values first and counts them, so anything that is not a finite number here is a mistake to report.
 */

/** Every value is a finite number. */
export function areFinite(values: readonly number[]): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}

/** Every value is a whole number, 0 or more, that a double holds exactly. */
export function areCounts(...values: readonly number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

/** Strictly between 0 and 1, as error rates, powers and quantiles must be. */
export function isProbability(value: number): boolean {
  return value > 0 && value < 1;
}

/** Finite and greater than 0. */
export function isPositive(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}

/** Finite and 0 or more. */
export function isNonNegative(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/**
 * Whether a standard deviation (or standard error) is nothing but rounding: at most 1e-12 of the value it belongs to,
 * or 1e-12 where that value is below 1. The mean of a constant list is often off by one bit, so 0 is too strict a test.
 */
export function isNoVariation(deviation: number, value: number): boolean {
  return deviation <= 1e-12 * Math.max(1, Math.abs(value));
}
