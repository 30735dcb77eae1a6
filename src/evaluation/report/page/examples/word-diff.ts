/** Two answers word by word: what only the first has, what only the second has, and what both have. */
import { diffWordsWithSpace } from 'diff';

export interface Piece {
  readonly text: string;
  /** Not in the other answer. */
  readonly isOwn: boolean;
}

/** Answers without any word in common take long to compare; then all of it is each one's own. */
const MOST_EDITS = 1_000;

export function wordDiff(
  first: string,
  second: string,
): { readonly first: readonly Piece[]; readonly second: readonly Piece[] } {
  const changes = diffWordsWithSpace(first, second, { maxEditLength: MOST_EDITS });
  if (changes === undefined) return { first: [{ text: first, isOwn: true }], second: [{ text: second, isOwn: true }] };
  const pieces = (own: 'added' | 'removed', other: 'added' | 'removed'): readonly Piece[] =>
    joined(changes.filter((each) => !each[other]).map((each) => ({ text: each.value, isOwn: each[own] === true })));
  return { first: pieces('removed', 'added'), second: pieces('added', 'removed') };
}

/** Two pieces of one's own with nothing but space between them are one. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  const whole: Piece[] = [];
  for (const piece of pieces) {
    const [before, last] = whole.slice(-2);
    const isBridged = piece.isOwn && before?.isOwn && last !== undefined && !last.isOwn && last.text.trim() === '';
    if (isBridged) whole.splice(-2, 2, { text: before.text + last.text + piece.text, isOwn: true });
    else whole.push(piece);
  }
  return whole;
}
