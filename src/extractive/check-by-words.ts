/**
 * Checks an answer by its words alone: every citation resolves, every sentence is made of words that what it cites
 * holds, and the answer speaks of what was asked. What is wrong is said in a way that the next draft can use.
 */
import { distance } from 'fastest-levenshtein';
import type { Citation, Passage } from '../model/step-schemas.ts';
import type { Drafted } from './answer-by-excerpts.ts';
import { withoutArticles, withoutCitations, wordF1, wordsInForm } from './normal-form.ts';
import {
  coverage,
  documentOf,
  headingText,
  inverseFrequency,
  rarityInEnglish,
  stemSet,
  type Term,
  termsOf,
  UNKNOWN_RARITY,
} from './terms.ts';
import { sentencesOf } from './units.ts';

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

// Whether passages can answer a question, decided before anything is written, by how many of its words they contain. A
// question in other words than the documents' still shares most of its telling words with one of their pages; one about
// something else names things that they never mention, or brings words together that no page does.

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

/** Letters that a word needs, so that a typo can be distinguished from another word. */
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

/** How far the claims of an answer are made of words that the passages they cite hold. */
const CITATION = /\[(\d{1,3})\]/g;
const FENCED = /^(`{3,})[^\n]*\n([\s\S]*?)^\1[ \t]*$/gm;
const SHOWN_CHARACTERS = 80;

/** The cited passages that there are, by the numbers they are cited by. */
export function resolveCitations(
  citations: readonly Citation[],
  passages: readonly Passage[],
): ReadonlyMap<number, Passage> {
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  return new Map(
    citations.flatMap(({ n, passageId }) => (byId.has(passageId) ? [[n, byId.get(passageId)!] as const] : [])),
  );
}

export interface Claim {
  readonly text: string;
  readonly stems: ReadonlySet<string>;
  /** The numbers its paragraph cites; those of the paragraph before where it has none of its own (a list, code). */
  readonly cited: readonly number[];
}

/** The sentences of an answer, each block of code as one of them, with what they cite. */
export function claimsOf(text: string): readonly Claim[] {
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

/**
 * From 0 to 1: the share of a claim's content words that what it cites holds (lexical precision, as in ROUGE-1, Lin 2004). 1
 * where it has none.
 */
export function supportOf({ stems, cited }: Claim, byNumber: ReadonlyMap<number, Passage>): number {
  if (stems.size === 0) return 1;
  const sources = cited.flatMap((n) => byNumber.get(n) ?? []);
  const held = stemSet(sources.map((source) => `${headingText(source)}\n${source.text}`).join('\n'));
  return [...stems].filter((stem) => held.has(stem)).length / stems.size;
}

/** Says so of a claim that is not supported. */
export const unsupportedText = ({ text }: Claim): string =>
  `What it cites does not say: “${text.slice(0, SHOWN_CHARACTERS)}”.`;

// Judges answers by the words they share with the expected one. It is no judge of meaning: it cannot tell 'is' from 'is
// not', or another wording from another answer. It stands in where no model can be asked, so that demonstrations and
// tests run without a key, and it is the same each time.

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
