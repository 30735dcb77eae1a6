/**
 * Checks an answer by its words alone: every citation resolves, every sentence is made of words that what it cites
 * holds, and the answer speaks of what was asked. What is wrong is said in a way that the next draft can use.
 */
import type { Passage } from '../model/step-schemas.ts';
import type { Drafted } from './answer-by-excerpts.ts';
import { type Evidence, evidenceIn } from './evidence.ts';
import { claimsOf, resolveCitations, supportOf, unsupportedText } from './support-by-words.ts';
import { coverage, stemSet, type Term, termsOf } from './terms.ts';
import { headingText } from './titles.ts';

/** Problems named in the feedback, at most. */
const MAX_PROBLEMS = 5;

export interface SupportLimits {
  /** The share of a sentence's words that what it cites must hold. */
  readonly minimumSupport: number;
  /** How likely it must be that the passages answer; where it is less, the documents are about something else. */
  readonly minimumEvidence: number;
  /** The share of what they hold of the question that the answer must speak of. */
  readonly minimumCoverage: number;
}

export interface Checked {
  /** Grounded, and either an answer or honest about having none. */
  readonly passed: boolean;
  readonly answered: boolean;
  /** From 0 to 1: the least of support, evidence and coverage. */
  readonly score: number;
  /** What is wrong, for the next draft. */
  readonly feedback: string;
}

/**
 * Support is as `supportOf` measures it. Evidence is how likely all passages are to answer, by their words; coverage, what
 * the answer and the titles it cites say of what they hold of the question. Where evidence lacks, no draft would do: the
 * documents are about something else.
 */
export function checkByWords(
  question: string,
  answer: Drafted,
  passages: readonly Passage[],
  limits: SupportLimits,
): Checked {
  if (!answer.answered) return { passed: true, answered: false, score: 0, feedback: '' };
  const byNumber = resolveCitations(answer.citations, passages);
  const claims = claimsOf(answer.text);
  const dangling = [...new Set(claims.flatMap(({ cited }) => cited))].filter((n) => !byNumber.has(n));
  const support = claims.map((claim) => ({ claim, share: supportOf(claim, byNumber) }));
  const unsupported = support.filter(({ share }) => share < limits.minimumSupport);
  const evidence = evidenceIn(passages, termsOf(question));
  const said = stemSet([answer.text, ...[...byNumber.values()].map(headingText)].join('\n'));
  const unsaid = evidence.held.filter(({ stem }) => !said.has(stem));
  const covered = coverage(squared(evidence.held), said);
  const isElsewhere = evidence.likelihood < limits.minimumEvidence;
  const isBeside = !isElsewhere && covered < limits.minimumCoverage;
  const problems = [
    ...(isElsewhere ? [elsewhereIn(evidence)] : []),
    ...dangling.map((n) => `There is no passage [${n}].`),
    ...unsupported.map(({ claim }) => unsupportedText(claim)),
    ...(isBeside ? [`It says nothing about ${named(unsaid)}.`] : []),
  ];
  const lowest = support.reduce((least, { share }) => Math.min(least, share), claims.length === 0 ? 0 : 1);
  const passed = problems.length === 0 && claims.length > 0;
  return {
    passed,
    answered: passed,
    score: Math.min(lowest, evidence.likelihood, covered),
    feedback: problems.slice(0, MAX_PROBLEMS).join(' '),
  };
}

/** Names what no passage holds; where each word is somewhere, those that the page closest to the question lacks. */
const elsewhereIn = ({ missing, apart }: Evidence): string =>
  missing.length > 0
    ? `No passage says anything about ${named(missing)}.`
    : `No page speaks of all that is asked: the closest says nothing about ${named(apart)}.`;

/** One strange name weighs like ten everyday words. */
const squared = (terms: readonly Term[]) => terms.map((term) => ({ ...term, weight: term.weight ** 2 }));

const named = (terms: readonly Term[]): string => terms.map(({ word }) => `“${word}”`).join(', ');
