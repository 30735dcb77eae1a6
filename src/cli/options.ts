/** Parsers of option values: what does not fit is a usage error that says what would. */
import { InvalidArgumentError } from 'commander';

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
