/**
 * Whether passages can answer a question at all, told before anything is written, by what they hold of its words. A
 * question in other words than the documents' still shares most of its telling words with one of their pages; one about
 * something else names things that they never mention, or brings words together that no page does.
 */
import { distance } from 'fastest-levenshtein';
import type { Passage } from '../model/step-schemas.ts';
import { rarityInEnglish, UNKNOWN_RARITY } from './everyday.ts';
import { coverage, inverseFrequency, stemSet, type Term } from './terms.ts';
import { documentOf, headingText } from './titles.ts';

/** What tells a question that passages answer from one that they do not. */
export interface Signs {
  /** The rarity in English of the rarest word that no passage holds; 0 where they hold all. */
  readonly rarestMissing: number;
  /** 1 where a name is missing, else 0: what has a name of its own has no other words. */
  readonly nameMissing: number;
  /** From 0 to 1: what the passages of one page hold of the question, at most. */
  readonly bestPage: number;
}

export interface Evidence {
  /** From 0 to 1: how likely it is that the passages answer, were it as likely as not before. 1 where nothing is asked. */
  readonly likelihood: number;
  readonly signs: Signs;
  readonly held: readonly Term[];
  readonly missing: readonly Term[];
  /** What the page that holds most does not hold. */
  readonly apart: readonly Term[];
}

/**
 * A logistic regression (ridge 1, both classes weighing the same) over the `dev` half of the questions about the `ai`
 * documentation and those for tuning: `npm run bench:declining` fits it again.
 */
const WEIGHTS = Object.freeze({ bias: -0.13, rarestMissing: -0.13, nameMissing: -1.87, bestPage: 2.32 });

/** Letters that a word must have for a slip in it to be told from another word. */
const SLIP_LETTERS = 5;

export function evidenceIn(passages: readonly Passage[], terms: readonly Term[]): Evidence {
  const stems = passages.map((passage) => stemSet(`${headingText(passage)}\n${passage.text}`));
  const everywhere = union(stems);
  const missing = terms.filter((term) => !isHeld(term, everywhere));
  const best = bestPage(passages, stems, terms);
  const signs = {
    rarestMissing: Math.max(0, ...missing.map(({ weight }) => weight)),
    nameMissing: missing.some(({ isName }) => isName) ? 1 : 0,
    bestPage: best.share,
  };
  return {
    likelihood: terms.length === 0 ? 1 : likelihoodOf(signs),
    signs,
    held: terms.filter((term) => !missing.includes(term)),
    missing,
    apart: best.lacks,
  };
}

function likelihoodOf(signs: Signs): number {
  const score =
    WEIGHTS.bias +
    WEIGHTS.rarestMissing * signs.rarestMissing +
    WEIGHTS.nameMissing * signs.nameMissing +
    WEIGHTS.bestPage * signs.bestPage;
  return 1 / (1 + Math.exp(-score));
}

/**
 * The page that holds most of the question. A word counts by the square of its rarity in English, as inverse document
 * frequency does in the cosine of two texts, and by its rarity among the passages. Predictors of how well a search will
 * do are of this kind (He and Ounis, SPIRE 2004), but take rarity from the documents alone, which know nothing of words
 * that they do not hold.
 */
function bestPage(passages: readonly Passage[], stems: readonly ReadonlySet<string>[], terms: readonly Term[]) {
  const weighted = terms.map((term) => {
    const holding = stems.filter((each) => each.has(term.stem)).length;
    return { ...term, weight: term.weight ** 2 * inverseFrequency(holding, stems.length) };
  });
  let best = { share: terms.length === 0 ? 1 : 0, lacks: terms };
  for (const page of pagesOf(passages, stems)) {
    const lacks = terms.filter((term) => !isHeld(term, page));
    const held = new Set(terms.filter((term) => !lacks.includes(term)).map(({ stem }) => stem));
    const share = coverage(weighted, held);
    if (share > best.share) best = { share, lacks };
  }
  return best;
}

/** The words of each page, as far as its passages are among these. */
function pagesOf(passages: readonly Passage[], stems: readonly ReadonlySet<string>[]): readonly ReadonlySet<string>[] {
  const byPage = Map.groupBy(passages.keys(), (index) => documentOf(passages[index]!.id));
  return [...byPage.values()].map((indexes) => union(indexes.map((index) => stems[index]!)));
}

const union = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => new Set(sets.flatMap((set) => [...set]));

/** As it is, or but for a slip of the pen in a word that nobody knows. */
function isHeld({ stem, word }: Term, stems: ReadonlySet<string>): boolean {
  return stems.has(stem) || (rarityInEnglish([word, stem]) === UNKNOWN_RARITY && isSlip(stem, stems));
}

/** Whether a word is another one mistyped: a letter too many, too few or wrong ('consle'), or two swapped ('recieve'). */
function isSlip(stem: string, stems: ReadonlySet<string>): boolean {
  if (stem.length < SLIP_LETTERS || /\d/.test(stem)) return false;
  return [...stems].some((other) => {
    if (other[0] !== stem[0] || Math.abs(other.length - stem.length) > 1) return false;
    const edits = distance(other, stem);
    return edits <= 1 || (edits === 2 && inOrder(other) === inOrder(stem));
  });
}

const inOrder = (word: string): string => [...word].sort().join('');
