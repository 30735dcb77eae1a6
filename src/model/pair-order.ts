/**
 * In which order raters are shown two answers. The first would always be the baseline's, so half of the pairs are shown
 * the other way round, and what is said of the first is then said of the second.
 */

export const WINNERS = ['first', 'second', 'tie'] as const;
export type Winner = (typeof WINNERS)[number];

/** Of the variant, which is the second unless they were swapped. */
const WINS: { readonly [winner in Winner]: number } = { first: 0, second: 1, tie: 0.5 };

export const winOf = (winner: Winner, isSwapped: boolean): number => (isSwapped ? 1 - WINS[winner] : WINS[winner]);
