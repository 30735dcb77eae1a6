/**
 * What every method answers: its numbers, or a status and the reason why in their place. A result that cannot be computed is
 * a value and not an exception, because a report over twenty metrics must not fall with one of them; and NaN or
 * Infinity never leave the module, because both become `null` or lies in JSON.
 */

/**
 * Why numbers are missing.
 * - `invalid_input`: a value is not finite, lengths differ, or a setting is outside its range.
 * - `insufficient_data`: too few values to compute anything.
 * - `no_variation`: every value is the same, so no error can be estimated.
 * - `uninformative_judge`: the judge is no better than chance, so its rate cannot be corrected.
 * - `no_relevant`: the query has no relevant document, so it cannot be scored.
 */
export type Problem = 'invalid_input' | 'insufficient_data' | 'no_variation' | 'uninformative_judge' | 'no_relevant';

/** The fields of an answer with each of them possibly missing. */
export type Partially<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | null };

/** An answer: all fields under `ok`; else the problem, why as a clause, and what could still be computed. */
export type Result<Fields> =
  | Readonly<{ status: 'ok' } & Fields>
  | Readonly<{ status: Problem; why: string } & Partially<Fields>>;

export const NOT_FINITE = 'a value is missing or not a finite number';
export const NOT_ALPHA = 'alpha must lie strictly between 0 and 1';
export const LENGTHS_DIFFER = 'the two sides have different lengths';
export const NOT_COUNTS = 'counts must be whole numbers, 0 or more, and no part may exceed its total';

/** An answer without its numbers; `fields` holds `null`, or what could still be computed. */
export function problem<Fields extends object>(
  status: Problem,
  why: string,
  fields: Fields,
): Readonly<{ status: Problem; why: string } & Partially<Fields>> {
  const kept = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isFiniteThroughout(value) ? value : null]),
  ) as Partially<Fields>;
  return Object.freeze({ status, why, ...kept });
}

/**
 * An answer with its numbers. Input at the very edge of double precision can still overflow on the way; such an answer
 * is refused as `invalid_input` here, in one place.
 */
export function answer<Fields extends object>(fields: Fields): Result<Fields> {
  if (Object.values(fields).every(isFiniteThroughout)) return Object.freeze({ status: 'ok', ...fields });
  return problem('invalid_input', 'the values are too large or too small for double precision', fields);
}

function isFiniteThroughout(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return Array.isArray(value) ? value.every(isFiniteThroughout) : true;
}

/** Fields that are all null, for an answer that has none. Keeps the field names of an answer in one list. */
export function nothing<Names extends string>(...names: readonly Names[]): { readonly [Name in Names]: null } {
  return Object.freeze(Object.fromEntries(names.map((name) => [name, null]))) as { readonly [Name in Names]: null };
}

/*
 * What counts as acceptable input, once for all methods. Callers drop missing values first and count them, so any value
 * that is not a finite number is a mistake to report.
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
