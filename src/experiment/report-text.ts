/** Times, spans and parts as reports of experiments show them. */

/** `2026-03-01 10:00 UTC`. */
export const showTime = (at: number): string => `${new Date(at).toISOString().replace('T', ' ').slice(0, 16)} UTC`;

const SPANS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `24 hours`: in the largest unit that it has at least two of, or that it is one of. */
export function showSpan(ms: number): string {
  const [name, length] = SPANS.find(([, size]) => ms === size || ms >= 2 * size) ?? SPANS[3];
  const amount = Number((ms / length).toPrecision(3));
  return `${amount} ${name}${amount === 1 ? '' : 's'}`;
}

const WHOLE = 100;

/** `20 %`. */
export const percent = (part: number): string => `${Number((part * WHOLE).toPrecision(3))} %`;
