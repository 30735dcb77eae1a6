/**
 * Answers in the documents' own words: picks the sentences that say most about the question, with what they need around
 * them (the sentence they lean on, the list or code they introduce), and cites the passage of each paragraph. Extractive
 * summarisation by query relevance and novelty, after Carbonell and Goldstein's maximal marginal relevance (SIGIR 1998).
 */
import type { Citation, Passage } from '../model/step-schemas.ts';
import {
  type Asks,
  asksFor,
  citationOf,
  coverage,
  documentOf,
  headingText,
  inverseFrequency,
  placeName,
  stemSet,
  suits,
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

/** The excerpts, and where the first tells of a problem, the beginning of its solution in the same document. */
function withRemedy(
  excerpts: readonly Excerpt[],
  read: readonly ReadPassage[],
  limits: Omit<ExcerptLimits, 'maxWords'>,
): readonly Excerpt[] {
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

// What is quoted of one passage: units, each with what it needs around it to make sense.

export interface ReadPassage {
  readonly passage: Passage;
  readonly units: readonly Unit[];
  /** Stems of its title and headings. */
  readonly heading: ReadonlySet<string>;
}

export interface Excerpt {
  readonly from: ReadPassage;
  has(index: number): boolean;
  add(index: number): void;
  /** Quoted units, in the order of the passage. */
  units(): readonly Unit[];
  /** Stems of what is quoted, and of the headings over it. */
  stems(): ReadonlySet<string>;
  /** Words of quoted prose. */
  words(): number;
  hasCode(): boolean;
  /** The first fitting code block behind what is quoted. */
  nextCode(fits: (unit: Unit) => boolean): number | undefined;
}

/** A longer list is quoted up to here. */
const LIST_WORDS = 150;
/** Sentences that lean on each other, at most. */
const MAX_LEANING = 2;
/** A picked sentence takes the rest of its paragraph along, up to so many words. */
const PARAGRAPH_WORDS = 60;

function createExcerpt(from: ReadPassage, { codeLines }: Pick<ExcerptLimits, 'codeLines'>): Excerpt {
  const { units } = from;
  const chosen = new Set<number>();
  /** Sentences that introduce one picked item of a list: the other items do not follow. */
  const introductions = new Set<number>();
  const inOrder = () => [...chosen].sort((one, other) => one - other);

  const add = (index: number): void => {
    chosen.add(index);
    introductions.delete(index);
    if (units[index]!.kind !== 'sentence') addIntroduction(index);
    leanBack(index);
    continueParagraph(index);
    for (const each of inOrder()) if (units[each]!.leansForward && !introductions.has(each)) addFollowing(each + 1);
  };

  /** What a colon introduces: a block, or the items of a list as far as they fit. */
  const addFollowing = (index: number): void => {
    const unit = units[index];
    if (unit?.kind === 'code' && linesIn(unit) <= codeLines) chosen.add(index);
    if (unit === undefined || unit.kind === 'code' || unit.kind === 'sentence') return;
    let words = 0;
    for (let at = index; units[at]?.block === unit.block; at += 1) {
      words += wordsIn(units[at]!);
      if (words > LIST_WORDS) return;
      chosen.add(at);
    }
  };

  /** What a list, a table or code is about is said before it, under the same heading. */
  const addIntroduction = (index: number): void => {
    const { kind, block, under } = units[index]!;
    const before = units.findLastIndex((unit, at) => at < index && unit.block !== block);
    const unit = units[before];
    if (unit?.kind !== 'sentence' || unit.under !== under || chosen.has(before)) return;
    chosen.add(before);
    if (kind === 'item') introductions.add(before);
    leanBack(before);
  };

  const leanBack = (index: number): void => {
    for (let at = index, steps = 0; units[at]?.leansBack && steps < MAX_LEANING; at -= 1, steps += 1)
      if (units[at - 1]?.kind === 'sentence') chosen.add(at - 1);
  };

  const continueParagraph = (index: number): void => {
    const { block } = units[index]!;
    let words = wordsIn(units[index]!);
    for (let at = index + 1; units[at]?.block === block && units[at]!.kind === 'sentence'; at += 1) {
      words += wordsIn(units[at]!);
      if (words > PARAGRAPH_WORDS) return;
      chosen.add(at);
    }
  };

  /** Without sentences that promise what does not follow: 'There are three ways:'. */
  const shown = (): readonly number[] => {
    const all = inOrder();
    const kept = all.filter((index) => !units[index]!.leansForward || introductions.has(index) || isFollowed(index));
    return kept.length > 0 ? kept : all;
  };

  const isFollowed = (index: number): boolean => {
    const next = units[index + 1];
    return chosen.has(index + 1) && next?.kind !== 'sentence' && next?.under === units[index]!.under;
  };

  return {
    from,
    has: (index) => chosen.has(index),
    add,
    units: () => shown().map((index) => units[index]!),
    stems: () => new Set([...from.heading, ...inOrder().flatMap((index) => [...units[index]!.stems])]),
    words: () =>
      inOrder().reduce((sum, index) => sum + (units[index]!.kind === 'sentence' ? wordsIn(units[index]!) : 0), 0),
    hasCode: () => inOrder().some((index) => units[index]!.kind === 'code'),
    nextCode(fits) {
      const last = inOrder().at(-1) ?? 0;
      const found = units.findIndex((unit, index) => index > last && unit.kind === 'code' && fits(unit));
      return found === -1 ? undefined : found;
    },
  };
}

const wordsIn = (unit: Unit): number => unit.text.split(/\s+/).length;
/** Lines of code between the fences. */
const linesIn = (unit: Unit): number => unit.text.split('\n').length - 2;

/**
 * Which units of the passages say most about a question: the best one, then the one that adds most to those chosen.
 * Extractive summarisation by query relevance and novelty, after Carbonell and Goldstein's maximal marginal relevance
 * (SIGIR 1998).
 */
export interface Sought {
  readonly terms: readonly Term[];
  readonly asks: Asks;
}

interface UnitLimits {
  readonly maxWords: number;
  readonly maxPassages: number;
  readonly codeLines: number;
}

/** What a unit's own words and its headings count. */
const WEIGHTS = Object.freeze({ own: 0.7, heading: 0.3 });
/** How much more a sentence counts that has the form of what is asked for. */
const SUITS_FACTOR = 2;
/** How decisive the reranker's view of the passage is: its score, relative to the best one's, to this power. */
const RELATIVE_SCORE_POWER = 2;
/** What a further pick must add, relative to the first one: more from a passage that is not quoted yet. */
const MINIMUM_GAIN = Object.freeze({ same: 0.16, another: 0.2 });
const SAYING_MORE = 0.15;
const MAX_PICKS = 5;

const POINTS_ELSEWHERE =
  /^(?:learn|read|explore|check out|api reference|troubleshooting|please|for (?:more|details|guidance|an? )|see)\b|\bcheck out\b|\b(?:see|refer to) (?:the|our|these)\b/i;

interface Candidate {
  readonly from: ReadPassage;
  readonly index: number;
  readonly unit: Unit;
  readonly score: number;
}

/** The best unit, then the one that adds most, until none adds enough or the words are used up. */
function pickUnits(sought: Sought, read: readonly ReadPassage[], limits: UnitLimits): readonly Excerpt[] {
  const excerpts = new Map<ReadPassage, Excerpt>();
  const candidates = candidatesIn(sought, read);
  const first = candidates.reduce((most, { score }) => Math.max(most, score), 0);
  for (let picks = 0; picks < MAX_PICKS; picks += 1) {
    const best = bestOf(candidates, { terms: sought.terms, excerpts, first, limits });
    if (!best) break;
    const excerpt = excerpts.get(best.from) ?? createExcerpt(best.from, limits);
    excerpt.add(best.index);
    excerpts.set(best.from, excerpt);
  }
  return [...excerpts.values()];
}

function candidatesIn(sought: Sought, read: readonly ReadPassage[]): readonly Candidate[] {
  const highest = Math.max(...read.map(({ passage }) => passage.score));
  return read.flatMap((from) => {
    const relativeScore = highest > 0 ? Math.max(0, from.passage.score / highest) : 1;
    return from.units.map((unit, index) => ({ from, index, unit, score: scoreOf(sought, from, unit, relativeScore) }));
  });
}

interface Picking {
  readonly terms: readonly Term[];
  readonly excerpts: ReadonlyMap<ReadPassage, Excerpt>;
  /** The score of the first pick. */
  readonly first: number;
  readonly limits: UnitLimits;
}

function bestOf(candidates: readonly Candidate[], { terms, excerpts, first, limits }: Picking): Candidate | undefined {
  const quoted = [...excerpts.values()];
  const covered = new Set(quoted.flatMap((excerpt) => [...excerpt.stems()]));
  const words = quoted.reduce((sum, excerpt) => sum + excerpt.words(), 0);
  const isFirst = quoted.length === 0;
  let best: { readonly candidate: Candidate; readonly gain: number } | undefined;
  for (const candidate of candidates) {
    const { from, index, unit, score } = candidate;
    const excerpt = excerpts.get(from);
    if (excerpt ? excerpt.has(index) : excerpts.size >= limits.maxPassages) continue;
    if (!isFirst && words + wordsIn(unit) > limits.maxWords) continue;
    const gain = isFirst ? score : score * noveltyOf(terms, unit, covered);
    const least = isFirst ? 0 : first * (excerpt ? MINIMUM_GAIN.same : MINIMUM_GAIN.another);
    if (gain > least && gain > (best?.gain ?? 0)) best = { candidate, gain };
  }
  return best?.candidate;
}

function scoreOf({ terms, asks }: Sought, from: ReadPassage, unit: Unit, relativeScore: number): number {
  const own = coverage(terms, unit.stems);
  if (own === 0 || terms.length === 0) return 0;
  const heading = coverage(terms, new Set([...from.heading, ...stemSet(unit.under)]));
  const suiting = unit.kind === 'sentence' && suits(asks, unit.text, terms) ? SUITS_FACTOR : 1;
  return (
    suiting * quality(unit) * relativeScore ** RELATIVE_SCORE_POWER * (WEIGHTS.own * own + WEIGHTS.heading * heading)
  );
}

/** Long units hold many words by chance; short ones, questions and pointers to other pages say little. */
function quality(unit: Unit): number {
  const words = wordsIn(unit);
  switch (unit.kind) {
    case 'sentence':
      if (POINTS_ELSEWHERE.test(unit.text)) return 0.4;
      // A question, or a title without a verb.
      if (!/[.!:]["'”)*`]*$/.test(unit.text)) return 0.4;
      if (words < 5) return 0.5;
      return words > 45 ? 0.8 : 1;
    case 'list':
    case 'item':
    case 'table':
      return 0.9 / (1 + words / 120);
    case 'code':
      return 0.5;
  }
}

/** A further pick counts by what it adds to the question's words that are said already; a little for saying more. */
function noveltyOf(terms: readonly Term[], unit: Unit, covered: ReadonlySet<string>): number {
  const fresh = new Set([...unit.stems].filter((stem) => !covered.has(stem)));
  return SAYING_MORE + coverage(terms, fresh);
}
