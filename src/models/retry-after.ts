/** How long a provider asks to be left alone. */

/** More is not believed: a clock that is wrong, or a unit that was mistaken. */
const MOST_MS = 86_400_000;

interface HeaderBag {
  get(name: string): string | null;
}

/**
 * Of `retry-after-ms`, else of `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
 *
 * @returns milliseconds from now, 0 for a time that has passed; undefined where nothing is asked
 */
export function retryAfterMs(headers: HeaderBag, nowMs: number = Date.now()): number | undefined {
  const milliseconds = numberIn(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return bounded(milliseconds);
  const given = headers.get('retry-after')?.trim();
  if (given === undefined || given === '') return undefined;
  const seconds = numberIn(given);
  if (seconds !== undefined) return bounded(seconds * 1_000);
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : bounded(date - nowMs);
}

const numberIn = (text: string | null): number | undefined =>
  text !== null && /^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;

const bounded = (milliseconds: number): number => Math.ceil(Math.min(Math.max(milliseconds, 0), MOST_MS));
