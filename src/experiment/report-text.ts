/** Times, spans and parts as reports of experiments show them. */
import { localTime } from '../base/local-time.ts';

/** `2026-03-01 11:00 CET`: local, with its zone. */
export const showTime = (at: number): string => localTime(at, 'minutes');

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
