/**
 * Looks at candidates more closely than a word index can: which of the question's telling words a passage and its
 * headings hold, how close together they stand, what the search thought of it, and what the rest of its document says.
 */
import type { Passage } from '../model/step-schemas.ts';
import {
  asksFor,
  documentOf,
  headingText,
  inverseFrequency,
  stemSet,
  stemsAt,
  suits,
  type Term,
  termsOf,
} from './terms.ts';

/** How soon repetition of a word stops to count, and how much length is held against a passage: BM25's usual values. */
const SATURATION = 1.2;
const LENGTH = 0.75;
/** A word in title or headings counts as so many in the text. */
const HEADING = 1;
/** The weights of the other signals relative to the words' signal; all signals are from 0 to 1. */
const WEIGHTS = Object.freeze({ heading: 0.1, definition: 0.4, proximity: 0.1, order: 0.2, document: 0.5 });
/** Words further apart than this are not near each other. */
const NEAR_WORDS = 12;
/** At this nearness, and at this rank of the search, the signal is at half its height. */
const HALF_NEAR = 0.2;
const HALF_RANK = 5;
/** So many passages that say nothing are added to a document's others: one good neighbour is not yet a good document. */
const DOUBT = 2;

interface Read {
  readonly passage: Passage;
  readonly body: ReturnType<typeof stemsAt>;
  /** Stems of its title and of the headings over it. */
  readonly heading: ReadonlySet<string>;
  /** Stems of each of those by itself, and of the headings inside its text. */
  readonly headings: readonly ReadonlySet<string>[];
}

/**
 * A sum of six signals. Words: BM25F (Robertson, Zaragoza and Taylor, CIKM 2004), as a share of what a passage could
 * reach; a word weighs by its rarity in English and among the candidates. A heading that asks the
 * question, and little else. A definition, where one is asked for. Proximity: each pair of neighbouring question
 * words adds 1 / distance² (Büttcher, Clarke and Lushman, SIGIR 2006). The order of the search. And the document: the mean
 * of its other candidates, as a passage of a page that is about the question is likelier to be (Callan, SIGIR 1994).
 */
export function rerankByWords(query: string, passages: readonly Passage[], topN: number): Passage[] {
  const unique = [...new Map(passages.map((passage) => [passage.id, passage])).values()];
  const read = unique.map(readPassage);
  const terms = weighted(termsOf(query), read);
  const meanWords = read.reduce((sum, { body }) => sum + body.length, 0) / Math.max(1, read.length);
  const isDefinition = asksFor(query, terms) === 'definition';
  const own = read.map(
    (each, rank) =>
      matching(terms, each, meanWords) +
      WEIGHTS.heading * Math.max(0, ...each.headings.map((heading) => likeness(terms, heading))) +
      (isDefinition && defines(each.passage, terms) ? WEIGHTS.definition : 0) +
      WEIGHTS.proximity * proximity(terms, each) +
      WEIGHTS.order / (1 + rank / HALF_RANK),
  );
  const neighbours = meansOfOthers(unique, own);
  const scored = unique.map((passage, index) => ({
    ...passage,
    score: own[index]! + WEIGHTS.document * neighbours[index]!,
  }));
  return scored.sort((one, other) => other.score - one.score).slice(0, topN);
}

function readPassage(passage: Passage): Read {
  const inside = [...passage.text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) => heading!);
  return {
    passage,
    body: stemsAt(passage.text),
    heading: stemSet(headingText(passage)),
    headings: [passage.title ?? '', ...(passage.heading ?? []), ...inside].map(stemSet),
  };
}

/** Weights that add up to 1, or to 0 where no candidate tells from another. */
function weighted(terms: readonly Term[], read: readonly Read[]): readonly Term[] {
  const holding = read.map(({ body, heading }) => new Set([...body.map(({ stem }) => stem), ...heading]));
  const weights = terms.map(({ stem, weight }) => {
    const held = holding.filter((stems) => stems.has(stem)).length;
    return weight * inverseFrequency(held, holding.length);
  });
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return terms.map((term, index) => ({ ...term, weight: all === 0 ? 0 : weights[index]! / all }));
}

function matching(terms: readonly Term[], { body, heading }: Read, meanWords: number): number {
  const counts = new Map<string, number>();
  for (const { stem } of body) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  const length = 1 - LENGTH + (LENGTH * body.length) / Math.max(1, meanWords);
  return terms.reduce((sum, { stem, weight }) => {
    const frequency = ((counts.get(stem) ?? 0) + (heading.has(stem) ? HEADING : 0)) / length;
    return sum + (weight * frequency) / (frequency + SATURATION);
  }, 0);
}

/** From 0 to 1: how much of the question a heading holds, and how much of the heading is about it (their F1 measure). */
function likeness(terms: readonly Term[], heading: ReadonlySet<string>): number {
  const held = terms.filter(({ stem }) => heading.has(stem));
  if (held.length === 0) return 0;
  const recall = held.reduce((sum, { weight }) => sum + weight, 0);
  const precision = held.length / heading.size;
  return (2 * recall * precision) / (recall + precision);
}

const defines = ({ text }: Passage, terms: readonly Term[]): boolean =>
  text.split(/\n+|(?<=[.!?])\s+/).some((sentence) => suits('definition', sentence, terms));

function proximity(terms: readonly Term[], { body }: Read): number {
  const weights = new Map(terms.map(({ stem, weight }) => [stem, weight]));
  const asked = body.filter(({ stem }) => weights.has(stem));
  let near = 0;
  for (const [index, { stem, at }] of asked.entries()) {
    const before = asked[index - 1];
    if (!before || before.stem === stem || at === before.at || at - before.at > NEAR_WORDS) continue;
    near += Math.min(weights.get(stem)!, weights.get(before.stem)!) / (at - before.at) ** 2;
  }
  return near / (near + HALF_NEAR);
}

/** For each passage, what the other candidates of its document score, shrunk towards 0 where there are few. */
function meansOfOthers(passages: readonly Passage[], scores: readonly number[]): readonly number[] {
  const documents = new Map<string, { sum: number; count: number }>();
  for (const [index, { id }] of passages.entries()) {
    const document = documents.get(documentOf(id)) ?? { sum: 0, count: 0 };
    documents.set(documentOf(id), { sum: document.sum + scores[index]!, count: document.count + 1 });
  }
  return passages.map(({ id }, index) => {
    const { sum, count } = documents.get(documentOf(id))!;
    return (sum - scores[index]!) / (count - 1 + DOUBT);
  });
}
