/** Two answers word by word: what only the first has, what only the second has, and what both have. */
import { diffWordsWithSpace } from 'diff';

export interface Piece {
  readonly text: string;
  /** Not in the other answer. */
  readonly isOwn: boolean;
}

/** Answers without any word in common take long to compare; then all of it is each one's own. */
const MOST_EDITS = 2_000;

export function wordDiff(
  first: string,
  second: string,
): { readonly first: readonly Piece[]; readonly second: readonly Piece[] } {
  const changes = diffWordsWithSpace(first, second, { maxEditLength: MOST_EDITS });
  if (changes === undefined) return { first: [{ text: first, isOwn: true }], second: [{ text: second, isOwn: true }] };
  const pieces = (own: 'added' | 'removed', other: 'added' | 'removed'): readonly Piece[] =>
    changes.filter((change) => !change[other]).map((change) => ({ text: change.value, isOwn: change[own] === true }));
  return { first: pieces('removed', 'added'), second: pieces('added', 'removed') };
}
