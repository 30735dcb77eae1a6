/**
 * Which units of the passages say most about a question: the best one, then whatever adds most to what is said already.
 * Extractive summarisation by query relevance and novelty, after Carbonell and Goldstein's maximal marginal relevance
 * (SIGIR 1998).
 */
import { type Asks, suits } from './asks.ts';
import { createExcerpt, type Excerpt, type ReadPassage, wordsIn } from './excerpt.ts';
import { coverage, stemSet, type Term } from './terms.ts';
import type { Unit } from './units.ts';

export interface Sought {
  readonly terms: readonly Term[];
  readonly asks: Asks;
}

interface Limits {
  readonly maxWords: number;
  readonly maxPassages: number;
  readonly codeLines: number;
}

/** What a unit's own words and its headings count. */
const WEIGHTS = Object.freeze({ own: 0.7, heading: 0.3 });
/** How much more a sentence counts that has the form of what is asked for. */
const SUITS_FACTOR = 2;
/** How decisive the reranker's view of the passage is: its score, relative to the best one's, to this power. */
const STANDING_POWER = 2;
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

/** The best unit, then whatever adds most, until nothing adds enough or the words are used up. */
export function pickUnits(sought: Sought, read: readonly ReadPassage[], limits: Limits): readonly Excerpt[] {
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
    const standing = highest > 0 ? Math.max(0, from.passage.score / highest) : 1;
    return from.units.map((unit, index) => ({ from, index, unit, score: scoreOf(sought, from, unit, standing) }));
  });
}

interface Picking {
  readonly terms: readonly Term[];
  readonly excerpts: ReadonlyMap<ReadPassage, Excerpt>;
  /** The score of the first pick. */
  readonly first: number;
  readonly limits: Limits;
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

function scoreOf({ terms, asks }: Sought, from: ReadPassage, unit: Unit, standing: number): number {
  const own = coverage(terms, unit.stems);
  if (own === 0 || terms.length === 0) return 0;
  const heading = coverage(terms, new Set([...from.heading, ...stemSet(unit.under)]));
  const suiting = unit.kind === 'sentence' && suits(asks, unit.text, terms) ? SUITS_FACTOR : 1;
  return suiting * quality(unit) * standing ** STANDING_POWER * (WEIGHTS.own * own + WEIGHTS.heading * heading);
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
