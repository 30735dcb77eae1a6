/**
 * Answers in the documents' own words: picks the sentences that say most about the question, with what they need around
 * them (the sentence they lean on, the list or code they introduce), and cites the passage of each paragraph. Extractive
 * summarisation by query relevance and novelty, after Carbonell and Goldstein's maximal marginal relevance (SIGIR 1998).
 */
import type { Citation, Passage } from '../model/step-schemas.ts';
import { createExcerpt, type Excerpt, pickUnits, type ReadPassage } from './excerpt.ts';
import {
  asksFor,
  citationOf,
  coverage,
  documentOf,
  headingText,
  inverseFrequency,
  placeName,
  stemSet,
  type Term,
  termsOf,
} from './terms.ts';
import { type Unit, unitsOf } from './units.ts';

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

/**
 * Troubleshooting pages say first what goes wrong, in the reader's own words, and then what to do, in others: the question
 * finds the former, and is answered by the latter. So what is quoted of a problem brings its solution along.
 */
const PROBLEM = /^(?:issues?|problems?|symptoms?|errors?|background|causes?|why)\b/i;
const SOLUTION = /^(?:solutions?|fix(?:es)?|resolutions?|workarounds?|how to (?:fix|solve|resolve))\b/i;

/** Code so near behind the beginning of a solution is part of it. */
const NEAR_UNITS = 6;

interface Limits {
  readonly maxPassages: number;
  readonly codeLines: number;
}

/** The excerpts, and where the first tells of a problem, the beginning of its solution in the same document. */
function withRemedy(excerpts: readonly Excerpt[], read: readonly ReadPassage[], limits: Limits): readonly Excerpt[] {
  const [first] = excerpts;
  if (!first || !stands(first, PROBLEM) || stands(first, SOLUTION)) return excerpts;
  const document = documentOf(first.from.passage.id);
  const from = [first.from, ...read.filter(({ passage }) => documentOf(passage.id) === document)].find(
    (each) => solutionIn(each) !== -1,
  );
  if (!from) return excerpts;
  const known = excerpts.find((excerpt) => excerpt.from === from);
  const remedy = known ?? createExcerpt(from, limits);
  const start = solutionIn(from);
  remedy.add(start);
  const code = remedy.nextCode(({ text }) => text.split('\n').length - 2 <= limits.codeLines);
  if (!remedy.hasCode() && code !== undefined && code - start <= NEAR_UNITS) remedy.add(code);
  return known ? excerpts : [first, remedy, ...excerpts.slice(1)].slice(0, limits.maxPassages);
}

const solutionIn = ({ passage, units }: ReadPassage): number =>
  units.findIndex((unit) => unit.kind === 'sentence' && SOLUTION.test(headingOver(passage, unit)));

const stands = (excerpt: Excerpt, under: RegExp): boolean =>
  excerpt.units().some((unit) => under.test(headingOver(excerpt.from.passage, unit)));

const headingOver = ({ heading }: Passage, { under }: Unit): string => under || (heading?.at(-1) ?? '');

/** Excerpts to an answer: a paragraph of prose ends with the number of its passage; code and lists follow as they are. */
export interface RenderedAnswer {
  readonly text: string;
  readonly citations: Citation[];
}

function renderAnswer(excerpts: readonly Excerpt[]): RenderedAnswer {
  const quoted = excerpts.filter((excerpt) => excerpt.units().length > 0);
  return {
    text: quoted.map((excerpt, index) => renderExcerpt(excerpt, index + 1)).join('\n\n'),
    citations: quoted.map(({ from }, index) => citationOf(from.passage, index + 1)),
  };
}

function renderExcerpt(excerpt: Excerpt, n: number): string {
  const paragraphs = paragraphsOf(excerpt.units());
  const rendered = paragraphs.map(({ kind, text }) => (kind === 'sentence' ? cite(text, n) : text));
  const introduced = paragraphs[0]?.kind === 'sentence';
  return (introduced ? rendered : [`From “${placeName(excerpt.from.passage)}” [${n}]:`, ...rendered]).join('\n\n');
}

const GLUE: { readonly [kind in Unit['kind']]?: string } = { sentence: ' ', item: '\n' };

/** Sentences of one paragraph stay together, and items of one list. */
function paragraphsOf(units: readonly Unit[]): readonly { readonly kind: Unit['kind']; readonly text: string }[] {
  const paragraphs: { kind: Unit['kind']; block: number; text: string }[] = [];
  for (const { kind, block, text } of units) {
    const last = paragraphs.at(-1);
    const glue = GLUE[kind];
    if (glue !== undefined && last?.kind === kind && last.block === block) last.text = `${last.text}${glue}${text}`;
    else paragraphs.push({ kind, block, text });
  }
  return paragraphs;
}

/** `It streams.` becomes `It streams [1].` */
function cite(text: string, n: number): string {
  return /[.!?:]$/.test(text) ? `${text.slice(0, -1)} [${n}]${text.slice(-1)}` : `${text} [${n}]`;
}
