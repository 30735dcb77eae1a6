/** Numbers without a metric's format, as people read them. The full value belongs on hover, and in `--json`. */

/** Below this, three significant digits; from it on, whole numbers. */
const WHOLE_FROM = 1_000;
const DIGITS = 3;

/** `0.667`, `1234`; whole numbers keep all their digits. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Math.abs(value) >= WHOLE_FROM ? Math.round(value) : Number(value.toPrecision(DIGITS)));
}

/** JSON on one line, its numbers short; a text by itself has no quotes. */
export function shortJson(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_, each) => (typeof each === 'number' ? Number(shortNumber(each)) : each));
}
