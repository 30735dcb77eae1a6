/** In which order a reviewer is shown the two answers of a pair: each their own, so that what all see first leads nobody. */
import { type Winner, winOf } from '../model/review-queue.ts';
import { hashJson } from '../plan/id.ts';

/** Whether the variant's answer is the first. The same person is shown an item in the same order whenever they look. */
export function isSwapped(seed: number, place: number, reviewer: string): boolean {
  const digit = hashJson([seed, place, reviewer]).at(-1)!;
  return Number.parseInt(digit, 16) % 2 === 1;
}

/** Which of the two as shown is better, by whether the variant's is. */
export const winnerOf = (win: number, swapped: boolean): Winner =>
  win === winOf('tie', swapped) ? 'tie' : win === winOf('first', swapped) ? 'first' : 'second';
