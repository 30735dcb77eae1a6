/**
 * Checks an answer by its words alone: every citation resolves, every sentence is made of words that what it cites
 * holds, and the answer speaks of what was asked. What is wrong is said in a way that the next draft can use.
 */
import type { Citation, Passage } from '../../pipelines/schemas.ts';
import { type Evidence, evidenceIn } from '../text/evidence.ts';
import { sentencesOf } from '../text/sentences.ts';
import { coverage, stemSet, type Term, termsOf } from '../text/terms.ts';
import { headingText } from '../text/titles.ts';
import type { Drafted } from './answer-by-excerpts.ts';

const CITATION = /\[(\d{1,3})\]/g;
const FENCED = /^(`{3,})[^\n]*\n([\s\S]*?)^\1[ \t]*$/gm;
/** Problems named in the feedback, at most. */
const MAX_PROBLEMS = 5;
const SHOWN_CHARACTERS = 80;

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
 * Support is the share of a sentence's content words that its cited passages hold (lexical precision, as in ROUGE-1,
 * Lin 2004). Evidence is how likely all passages are to answer, by their words; coverage, what the answer and the titles it cites
 * say of what they hold of the question. Where evidence lacks, no draft would do: the documents are about something else.
 */
export function checkByWords(
  question: string,
  answer: Drafted,
  passages: readonly Passage[],
  limits: SupportLimits,
): Checked {
  if (!answer.answered) return { passed: true, answered: false, score: 0, feedback: '' };
  const byNumber = resolve(answer.citations, passages);
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
    ...unsupported.map(({ claim }) => `What it cites does not say: “${claim.text.slice(0, SHOWN_CHARACTERS)}”.`),
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

function resolve(citations: readonly Citation[], passages: readonly Passage[]): ReadonlyMap<number, Passage> {
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  return new Map(
    citations.flatMap(({ n, passageId }) => (byId.has(passageId) ? [[n, byId.get(passageId)!] as const] : [])),
  );
}

interface Claim {
  readonly text: string;
  readonly stems: ReadonlySet<string>;
  /** The numbers its paragraph cites; those of the paragraph before where it has none of its own (a list, code). */
  readonly cited: readonly number[];
}

function claimsOf(text: string): readonly Claim[] {
  let cited: readonly number[] = [];
  // Code may hold blank lines: it is taken out first and is one claim with its paragraph's citations.
  const codes: string[] = [];
  const outline = text.replace(FENCED, (_, __, body: string) => `\u{FFFC}${codes.push(body) - 1}\u{FFFC}`);
  return outline.split(/\n{2,}/).flatMap((paragraph) => {
    const own = [...paragraph.matchAll(CITATION)].map(([, n]) => Number(n));
    cited = own.length > 0 ? own : cited;
    const code = /^\u{FFFC}(\d+)\u{FFFC}$/u.exec(paragraph.trim());
    const claims = code ? [codes[Number(code[1])]!] : sentencesOf(paragraph.replace(CITATION, ''));
    return claims.map((claim) => ({ text: claim, stems: stemSet(claim), cited }));
  });
}

function supportOf({ stems, cited }: Claim, byNumber: ReadonlyMap<number, Passage>): number {
  if (stems.size === 0) return 1;
  const sources = cited.flatMap((n) => byNumber.get(n) ?? []);
  const held = stemSet(sources.map((source) => `${headingText(source)}\n${source.text}`).join('\n'));
  return [...stems].filter((stem) => held.has(stem)).length / stems.size;
}
