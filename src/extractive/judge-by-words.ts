/**
 * Judges answers by the words they share with the expected one. It is no judge of meaning: it cannot tell 'is' from 'is
 * not', or another wording from another answer. It stands in where no model can be asked, so that demonstrations and
 * tests run without a key, and it is the same each time.
 */
import { withoutArticles, withoutCitations, wordF1, wordsInForm } from './normal-form.ts';
import { coverage, stemSet, termsOf } from './terms.ts';

export interface Thresholds {
  readonly minimumCorrect: number;
  readonly minimumPartly: number;
}

export interface Graded {
  readonly verdict: 'correct' | 'partly' | 'wrong';
  readonly reason: string;
}

export interface Compared {
  readonly winner: 'first' | 'second' | 'tie';
  readonly reason: string;
}

/** Words that a reason names, at most. */
const MAX_NAMED = 8;

/**
 * By how much of what the expected answer tells, each word counting by its rarity in English, the answer has.
 *
 * @returns undefined where no word of the expected answer tells anything, as in 'Yes.'
 */
export function gradeByWords(answer: string, expected: string, thresholds: Thresholds): Graded | undefined {
  const terms = termsOf(expected);
  if (terms.length === 0) return undefined;
  const said = stemSet(withoutCitations(answer));
  const covered = coverage(terms, said);
  const lacking = terms.filter(({ stem }) => !said.has(stem)).map(({ word }) => `“${word}”`);
  const lacks = lacking.length === 0 ? '' : `; it lacks ${lacking.slice(0, MAX_NAMED).join(', ')}`;
  return {
    verdict: verdictOf(covered, thresholds),
    reason: `By words alone, it has ${percent(covered)} of what the expected answer tells${lacks}.`,
  };
}

function verdictOf(covered: number, { minimumCorrect, minimumPartly }: Thresholds): Graded['verdict'] {
  if (covered >= minimumCorrect) return 'correct';
  return covered >= minimumPartly ? 'partly' : 'wrong';
}

/**
 * By F1 over words: what is not in the expected answer counts against an answer, so that the longer one does not win by its
 * length. Turning the two around turns the result around.
 *
 * @param margin differences up to this are a tie
 */
export function compareByWords(first: string, second: string, expected: string, margin: number): Compared {
  const [one, other, wanted] = [first, second, expected].map((text) =>
    withoutArticles(wordsInForm(withoutCitations(text))),
  ) as [readonly string[], readonly string[], readonly string[]];
  const [firstF1, secondF1] = [wordF1(one, wanted), wordF1(other, wanted)];
  const ahead = firstF1 > secondF1 ? 'first' : 'second';
  return {
    winner: Math.abs(firstF1 - secondF1) <= margin ? 'tie' : ahead,
    reason: `By words alone, their F1 with the expected answer is ${firstF1.toFixed(2)} and ${secondF1.toFixed(2)}.`,
  };
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
