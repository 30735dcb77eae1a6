/**
 * Whether passages can answer a question at all, told before anything is written, by what they hold of its words. A
 * question in other words than the documents' still shares most of its telling words with them; one about something else
 * names things that they never mention.
 */
import { distance } from 'fastest-levenshtein';
import type { Passage } from '../../pipelines/schemas.ts';
import { rarityInEnglish, UNKNOWN_RARITY } from './everyday.ts';
import { coverage, stemSet, stemsAt, type Term } from './terms.ts';
import { headingText } from './titles.ts';

export interface Evidence {
  /** From 0 to 1: what the passages hold of the question. 1 where nothing is asked. */
  readonly share: number;
  readonly held: readonly Term[];
  readonly missing: readonly Term[];
}

/** Edits that a slip may make in a word of at least so many letters: those of Elasticsearch's `fuzziness: AUTO`. */
const SLIPS: readonly (readonly [letters: number, edits: number])[] = [
  [6, 2],
  [5, 1],
];

/**
 * A word counts by the square of its rarity in English, as its inverse document frequency does in the cosine of two
 * texts: one strange name weighs like ten everyday words. Predictors of how well a search will do are of this kind (He
 * and Ounis, SPIRE 2004), but take rarity from the documents, which know nothing of words that they do not hold.
 */
export function evidenceIn(passages: readonly Passage[], terms: readonly Term[]): Evidence {
  const stems = stemSet(passages.map((passage) => `${headingText(passage)}\n${passage.text}`).join('\n'));
  const squared = terms.map((term) => ({ ...term, weight: term.weight ** 2 }));
  const held = squared.filter((term) => isHeld(term, stems));
  return {
    share: coverage(squared, new Set(held.map(({ stem }) => stem))),
    held,
    missing: squared.filter((term) => !held.includes(term)),
  };
}

/** As it is, in all its parts (`ReferenceError` in 'an error of reference'), or but for a slip of the pen. */
function isHeld({ stem, word }: Term, stems: ReadonlySet<string>): boolean {
  if (stems.has(stem)) return true;
  const parts = stemsAt(word).slice(1);
  if (parts.length > 1 && parts.every((part) => stems.has(part.stem))) return true;
  return rarityInEnglish([word, stem]) === UNKNOWN_RARITY && isSlip(stem, stems);
}

/** Whether a word that nobody knows is another one mistyped: 'consle'. Its first letter is seldom the wrong one. */
function isSlip(stem: string, stems: ReadonlySet<string>): boolean {
  const edits = SLIPS.find(([letters]) => stem.length >= letters)?.[1];
  if (edits === undefined || /\d/.test(stem)) return false;
  return [...stems].some(
    (other) => other[0] === stem[0] && Math.abs(other.length - stem.length) <= edits && distance(other, stem) <= edits,
  );
}
