/** What differs between two texts, word by word: what stays, what has gone, and what has come. */
import { diffArrays } from 'diff';

export interface Piece {
  readonly is: 'same' | 'gone' | 'come';
  readonly text: string;
}

/** Of words that have gone or come. Texts that differ more take long to compare, and are shown whole, one after the other. */
const MOST_EDITS = 1_000;

export function wordDiff(one: string, other: string): readonly Piece[] {
  const changes = diffArrays(wordsOf(one), wordsOf(other), { maxEditLength: MOST_EDITS });
  if (changes === undefined)
    return [
      { is: 'gone', text: one },
      { is: 'come', text: other },
    ];
  return changes.map(({ value, added, removed }) => ({
    is: added ? 'come' : removed ? 'gone' : 'same',
    text: value.join(''),
  }));
}

/** Of any script, by the rules of Unicode (UAX 29); what stands between words is pieces, too. */
const words = new Intl.Segmenter('en', { granularity: 'word' });

const wordsOf = (text: string): string[] => Array.from(words.segment(text), ({ segment }) => segment);

export interface SidePiece {
  readonly text: string;
  /** Not in the other answer. */
  readonly isOwn: boolean;
}

/** The words of each text, with those marked that only it has. */
export function diffBySide(
  first: string,
  second: string,
): { readonly first: readonly SidePiece[]; readonly second: readonly SidePiece[] } {
  const changes = wordDiff(first, second);
  const pieces = (own: Piece['is'], other: Piece['is']): readonly SidePiece[] =>
    joined(changes.filter(({ is }) => is !== other).map(({ is, text }) => ({ text, isOwn: is === own })));
  return { first: pieces('gone', 'come'), second: pieces('come', 'gone') };
}

/** Two pieces of one's own with nothing but space between them are one. */
function joined(pieces: readonly SidePiece[]): readonly SidePiece[] {
  const whole: SidePiece[] = [];
  for (const piece of pieces) {
    const [before, last] = whole.slice(-2);
    const isBridged = piece.isOwn && before?.isOwn && last !== undefined && !last.isOwn && last.text.trim() === '';
    if (isBridged) whole.splice(-2, 2, { text: before.text + last.text + piece.text, isOwn: true });
    else whole.push(piece);
  }
  return whole;
}
