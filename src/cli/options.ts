/** Parsers of option values: what does not fit is a usage error that says what would. */
import { InvalidArgumentError } from 'commander';
import { durationMs } from '../dsl/refuse.ts';

/** Any number, also below 0. */
export function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('give a number.');
  return value;
}

/** A whole number from 1 to `most`. */
export function positiveInteger(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError(`give a whole number from 1 to ${most}.`);
    return value;
  };
}

/** A whole number from 0 to `most`. */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > most) throw new InvalidArgumentError(`give a whole number from 0 to ${most}.`);
    return value;
  };
}

/** A year. */
const MOST_MS = 366 * 86_400_000;

/** A part of all, from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('give a number from 0 to 1.');
  return value;
}

/** `30 seconds`, `2 hours`, or in short `7d`; in milliseconds, at most a year. */
export function duration(text: string): number {
  const short = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h|d)$/.exec(text)?.groups;
  try {
    return durationMs(short ? `${short.amount} ${UNITS[short.unit!]}` : text, 'it', { most: MOST_MS });
  } catch {
    throw new InvalidArgumentError("give a duration, such as '30 seconds', '2 hours' or 7d.");
  }
}

const UNITS: { readonly [short: string]: string } = { ms: 'ms', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' };
