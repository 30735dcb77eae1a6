/**
 * Answers in the documents' own words: picks the sentences that say most about the question, with what they need around
 * them (the sentence they lean on, the list or code they introduce), and cites the passage of each paragraph. Extractive
 * summarisation by query relevance and novelty, after Carbonell and Goldstein's maximal marginal relevance (SIGIR 1998).
 */
import type { Passage } from '../pipelines/schemas.ts';
import { generate } from '../pipelines/steps.ts';
import type { ConfigOf, OutputOf } from '../src/index.ts';
import { implement } from './boundary/implement.ts';
import { createExcerpt, type Excerpt, type ReadPassage, wordsIn } from './text/excerpt.ts';
import { renderAnswer } from './text/render-answer.ts';
import { coverage, inverseFrequency, stemSet, type Term, termsOf } from './text/terms.ts';
import { headingText } from './text/titles.ts';
import { type Unit, unitsOf } from './text/units.ts';

type Config = ConfigOf<typeof generate>;

/** What a unit's own words and its headings count. */
const WEIGHTS = Object.freeze({ own: 0.7, heading: 0.3 });
/** How decisive the reranker's view of the passage is: its score, relative to the best one's, to this power. */
const STANDING_POWER = 1.5;
/** What a further pick must add, relative to the first one. */
const MINIMUM_GAIN = 0.16;
const SAYING_MORE = 0.15;
/** How much more a word counts that the check missed. */
const MISSED_FACTOR = 3;
const MAX_PICKS = 5;

const WANTS_CODE =
  /\bhow (?:do|does|to|can|could|would|should)\b|\b(?:code|snippet|implement|syntax|example|write|call|configure|define)\b/i;
const POINTS_ELSEWHERE =
  /^(?:learn|read|explore|check out|please|for (?:more|details|guidance|an? )|see)\b|\bcheck out\b|\b(?:see|refer to) (?:the|our|these)\b/i;

export const generateExtractive = implement(generate, ({ question, passages, feedback }, { config }) => {
  const asked = termsOf(question);
  const missed = stemSet(feedback);
  const read = passages.map(readPassage);
  const terms = weighted(asked, missed, read);
  const excerpts = pick(terms, read, config);
  const said = new Set(excerpts.flatMap((excerpt) => [...excerpt.stems()]));
  const missing = asked.filter(({ stem }) => missed.has(stem));
  // Asked again and still silent on most of it: the passages do not say, and another round would not change that.
  const isStuck = missing.length > 0 && coverage(missing, said) < 0.5;
  if (excerpts.length === 0 || isStuck) return noAnswer;
  if (config.codeLines > 0 && wantsCode(question, asked)) addCode(terms, excerpts, config);
  return { ...renderAnswer(excerpts), answered: true };
});

const noAnswer: OutputOf<typeof generate> = {
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

interface Candidate {
  readonly from: ReadPassage;
  readonly index: number;
  readonly unit: Unit;
  readonly score: number;
}

/** The best unit, then whatever adds most, until nothing adds enough or the words are used up. */
function pick(terms: readonly Term[], read: readonly ReadPassage[], config: Config): readonly Excerpt[] {
  const highest = Math.max(...read.map(({ passage }) => passage.score));
  const candidates = read.flatMap((from) => {
    const standing = highest > 0 ? from.passage.score / highest : 1;
    return from.units.map(
      (unit, index): Candidate => ({ from, index, unit, score: scoreOf(terms, from, unit, standing) }),
    );
  });
  const excerpts = new Map<ReadPassage, Excerpt>();
  const covered = new Set<string>();
  let words = 0;
  let minimum = 0;
  for (let picks = 0; picks < MAX_PICKS; picks += 1) {
    const best = candidates
      .filter(({ from, index }) =>
        excerpts.has(from) ? !excerpts.get(from)!.has(index) : excerpts.size < config.maxPassages,
      )
      .filter(({ unit }) => picks === 0 || words + wordsIn(unit) <= config.maxWords)
      .map((candidate) => ({ candidate, gain: gainOf(terms, candidate, covered, picks === 0) }))
      .reduce<{ candidate: Candidate; gain: number } | undefined>(
        (top, each) => (top && top.gain >= each.gain ? top : each),
        undefined,
      );
    if (!best || best.gain <= minimum) break;
    if (picks === 0) minimum = best.gain * MINIMUM_GAIN;
    const { from, index } = best.candidate;
    const excerpt = excerpts.get(from) ?? createExcerpt(from, config);
    excerpt.add(index);
    excerpts.set(from, excerpt);
    for (const stem of excerpt.stems()) covered.add(stem);
    words = [...excerpts.values()].reduce((sum, each) => sum + each.words(), 0);
  }
  return [...excerpts.values()];
}

function scoreOf(terms: readonly Term[], from: ReadPassage, unit: Unit, standing: number): number {
  const own = coverage(terms, unit.stems);
  if (own === 0 || terms.length === 0) return 0;
  const heading = coverage(terms, new Set([...from.heading, ...stemSet(unit.under)]));
  return quality(unit) * standing ** STANDING_POWER * (WEIGHTS.own * own + WEIGHTS.heading * heading);
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
function gainOf(
  terms: readonly Term[],
  { unit, score }: Candidate,
  covered: ReadonlySet<string>,
  isFirst: boolean,
): number {
  if (isFirst) return score;
  const fresh = new Set([...unit.stems].filter((stem) => !covered.has(stem)));
  return score * (SAYING_MORE + coverage(terms, fresh));
}

/** Where a reader expects code and none is quoted yet: the next block of a passage that is quoted. */
function addCode(terms: readonly Term[], excerpts: readonly Excerpt[], { codeLines }: Config): void {
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
