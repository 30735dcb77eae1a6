/**
 * A figure: something measured beside what is required of it. Rows return figures and the table prints them, so a row
 * cannot pass in silence, and one that misses says by how much.
 */

export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** Absent: printed for the reader, nothing is required of it. */
  readonly required?: string;
  readonly met: boolean;
  /** How far off, where it is. */
  readonly missedBy?: string;
}

type Unit = '' | 's' | '×';

/** `value` must not be above `limit`. */
export function atMost(what: string, value: number, limit: number, unit: Unit = ''): Figure {
  return bounded(what, value, { sign: '≤', limit, met: value <= limit, unit });
}

/** `value` must not be below `limit`. */
export function atLeast(what: string, value: number, limit: number, unit: Unit = ''): Figure {
  return bounded(what, value, { sign: '≥', limit, met: value >= limit, unit });
}

/** `value` must be `wanted`. */
export function exactly(what: string, value: number, wanted: number): Figure {
  return bounded(what, value, { sign: '=', limit: wanted, met: value === wanted, unit: '' });
}

/** Nothing is required, but the reader wants to know. */
export function noted(what: string, value: number, unit: Unit = ''): Figure {
  return Object.freeze({ what, measured: show(value, unit), met: true });
}

interface Bound {
  readonly sign: '≤' | '≥' | '=';
  readonly limit: number;
  readonly met: boolean;
  readonly unit: Unit;
}

function bounded(what: string, value: number, { sign, limit, met, unit }: Bound): Figure {
  return Object.freeze({
    what,
    measured: show(value, unit),
    required: `${sign} ${show(limit, unit)}`,
    met,
    ...(!met && { missedBy: show(Math.abs(value - limit), unit) }),
  });
}

/** Counts as they are; times and ratios with what a busy machine lets one believe of them. */
function show(value: number, unit: Unit): string {
  if (unit === '') return String(value);
  return unit === 's' ? `${value.toFixed(2)} s` : `${value.toFixed(2)} ×`;
}

/** The value that `share` of the values do not exceed, by the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
