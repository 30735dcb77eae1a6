/** BM25 written out, and seeded documents to compare it on. */
import type { DocumentInput } from '../../src/store/documents.ts';
import { document } from './documents.ts';

export interface Counted {
  readonly id: string;
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

/** BM25 as its authors write it, k1 = 1.2 and b = .75, with the idf that is never negative. */
export function reference(passages: readonly Counted[], terms: readonly string[], top: number) {
  const mean = passages.reduce((sum, passage) => sum + passage.length, 0) / passages.length;
  const idfs = terms.map((term) => {
    const holders = passages.filter((passage) => passage.counts.has(term)).length;
    return Math.log(1 + (passages.length - holders + 0.5) / (holders + 0.5));
  });
  const scored = passages.map(({ id, counts, length }) => {
    const parts = terms.map((term, place) => {
      const frequency = counts.get(term) ?? 0;
      return (idfs[place]! * frequency * (1.2 + 1)) / (frequency + 1.2 * (1 - 0.75 + 0.75 * (length / mean)));
    });
    return { id, score: parts.reduce((sum, part) => sum + part, 0) };
  });
  const byRank = (a: (typeof scored)[0], b: (typeof scored)[0]) =>
    Math.abs(a.score - b.score) > 1e-12 ? b.score - a.score : a.id < b.id ? -1 : 1;
  return scored
    .filter(({ score }) => score > 0)
    .sort(byRank)
    .slice(0, top);
}

/** A generator of numbers below `limit`: the same for the same seed (Numerical Recipes' linear congruence). */
export function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

export const VOCABULARY = [
  ...'stream streaming streams streamed model models provider providers index indexing indexed tokens token'.split(' '),
  ...'the of and running runner runs cache caches caching error errors retry retried schema schemas'.split(' '),
  ...'node.js /api/chat https://example.org/docs?page=2 useChat camelCase snake_case kebab-case C++ 3.14 v5 42'.split(
    ' ',
  ),
  ...'Über naïve ﬁne École ΣΊΣΥΦΟΣ привет мир 東京 हिन्दी İstanbul e\u0301cole 😀 don\u2019t'.split(' '),
];

export function corpus(seed: number, count: number): DocumentInput[] {
  const below = numbers(seed);
  // The square makes some words common and most rare.
  const word = () => VOCABULARY[Math.floor((below(1_000) / 1_000) ** 2 * VOCABULARY.length)]!;
  const text = (length: number) => [...Array(length)].map(word).join(below(2) === 0 ? ' ' : ', ');
  return [...Array(count).keys()].map((n) => ({
    ...document(`d${n}`, text(1 + below(60)), text(1 + below(5))),
    title: text(below(4)),
  }));
}

/** A word whose number is its place by frequency: `below` draws the first of them ever so often (Zipf). */
const rankedWord = (below: (limit: number) => number, words: number): string =>
  `w${Math.floor(words ** (below(1_000_000) / 1_000_000))}`;

/**
 * Documents whose commonest words are in most passages and whose rarest are in one. Some are nothing but a common word,
 * and every fifth is a copy of another but for its id: they tie.
 */
export function rankedCorpus(seed: number, count: number): DocumentInput[] {
  const below = numbers(seed);
  const text = () => [...Array(below(6) === 0 ? 1 : 5 + below(60))].map(() => rankedWord(below, 400)).join(' ');
  const documents: DocumentInput[] = [];
  for (let n = 0; n < count; n++) {
    const copied = n % 5 === 4 ? documents[below(n)]!.passages[0]!.text : text();
    const { title: _, ...untitled } = document(`r${(n * 7_919) % 10_007}`, copied);
    documents.push({ ...untitled, passages: untitled.passages.map((passage) => ({ ...passage, heading: [] })) });
  }
  return documents;
}

/** One to eight words, common and rare ones. */
export function rankedQuery(below: (limit: number) => number): string {
  return [...Array(1 + below(8))].map(() => rankedWord(below, 400)).join(' ');
}
