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
