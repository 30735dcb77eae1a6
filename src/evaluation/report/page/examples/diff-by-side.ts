/** Two answers word by word: what only the first has, what only the second has, and what both have. */
import { type Piece as Change, wordDiff } from '../../../../base/word-diff.ts';

export interface Piece {
  readonly text: string;
  /** Not in the other answer. */
  readonly isOwn: boolean;
}

export function diffBySide(
  first: string,
  second: string,
): { readonly first: readonly Piece[]; readonly second: readonly Piece[] } {
  const changes = wordDiff(first, second);
  const pieces = (own: Change['is'], other: Change['is']): readonly Piece[] =>
    joined(changes.filter(({ is }) => is !== other).map(({ is, text }) => ({ text, isOwn: is === own })));
  return { first: pieces('gone', 'come'), second: pieces('come', 'gone') };
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
