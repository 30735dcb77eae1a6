/**
 * Answers in the documents' own words: picks the sentences that say most about the question, with what they need around
 * them (the sentence they lean on, the list or code they introduce), and cites the passage of each paragraph. Extractive
 * summarisation by query relevance and novelty, after Carbonell and Goldstein's maximal marginal relevance (SIGIR 1998).
 */
import type { Citation, Passage } from '../model/step-schemas.ts';
import { asksFor } from './asks.ts';
import type { Excerpt, ReadPassage } from './excerpt.ts';
import { pickUnits } from './pick-units.ts';
import { withRemedy } from './remedy.ts';
import { renderAnswer } from './render-answer.ts';
import { coverage, inverseFrequency, stemSet, type Term, termsOf } from './terms.ts';
import { headingText } from './titles.ts';
import { unitsOf } from './units.ts';

export interface Drafted {
  readonly text: string;
  readonly citations: Citation[];
  /** False where no passage speaks of what is asked. */
  readonly answered: boolean;
}

export interface ExcerptLimits {
  /** Words of prose, about; lists and code that belong to it come on top. */
  readonly maxWords: number;
  readonly maxPassages: number;
  /** Lines of code, at most; 0 leaves code out. */
  readonly codeLines: number;
}

/** How much more a word counts that the check missed. */
const MISSED_FACTOR = 3;

const WANTS_CODE =
  /\bhow (?:do|does|to|can|could|would|should)\b|\b(?:code|snippet|implement|syntax|example|write|call|configure|define)\b/i;

/** @param feedback what a check missed in the draft before; empty for the first */
export function answerByExcerpts(
  question: string,
  passages: readonly Passage[],
  feedback: string,
  limits: ExcerptLimits,
): Drafted {
  const asked = termsOf(question);
  const missed = stemSet(quotedIn(feedback));
  const read = passages.map(readPassage);
  const terms = weighted(asked, missed, read);
  const excerpts = pickUnits({ terms, asks: asksFor(question, asked) }, read, limits);
  const said = new Set(excerpts.flatMap((excerpt) => [...excerpt.stems()]));
  const missing = asked.filter(({ stem }) => missed.has(stem));
  // Asked again and still silent on all of it: the passages do not say, and another round would not change that.
  const isStuck = missing.length > 0 && missing.every(({ stem }) => !said.has(stem));
  if (excerpts.length === 0 || isStuck) return noAnswer;
  const quoted = withRemedy(excerpts, read, limits);
  if (limits.codeLines > 0 && wantsCode(question, asked)) addCode(terms, quoted, limits);
  return { ...renderAnswer(quoted), answered: true };
}

/** A check names the words that it missed in quotation marks; without any, all that it says may be meant. */
function quotedIn(feedback: string): string {
  const quoted = [...feedback.matchAll(/[“"]([^”"]+)[”"]/g)].map(([, words]) => words!);
  return quoted.length > 0 ? quoted.join(' ') : feedback;
}

const noAnswer: Drafted = {
  text: 'The documents do not answer this.',
  citations: [],
  answered: false,
};

const wantsCode = (question: string, terms: readonly Term[]) =>
  WANTS_CODE.test(question) || terms.some(({ isName }) => isName);

function readPassage(passage: Passage): ReadPassage {
  return { passage, units: unitsOf(passage.text), heading: stemSet(headingText(passage)) };
}

/** Words weighted by how few of the units hold them, those that the check missed more. */
function weighted(terms: readonly Term[], missed: ReadonlySet<string>, read: readonly ReadPassage[]): readonly Term[] {
  const units = read.flatMap((each) => each.units);
  return terms.map((term) => {
    const held = units.filter((unit) => unit.stems.has(term.stem)).length;
    return {
      ...term,
      weight: term.weight * inverseFrequency(held, units.length) * (missed.has(term.stem) ? MISSED_FACTOR : 1),
    };
  });
}

/** Where a reader expects code and none is quoted yet: the next block of a passage that is quoted. */
function addCode(terms: readonly Term[], excerpts: readonly Excerpt[], { codeLines }: ExcerptLimits): void {
  if (excerpts.some((excerpt) => excerpt.hasCode())) return;
  for (const excerpt of excerpts) {
    const near = excerpt.nextCode(
      (unit) => unit.text.split('\n').length - 2 <= codeLines && coverage(terms, unit.stems) > 0,
    );
    if (near === undefined) continue;
    excerpt.add(near);
    return;
  }
}
