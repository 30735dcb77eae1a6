/** What `sluice search` shows of an answer: each hit with where it stands, and the stretch of it that was asked for. */
import { count } from '../base/format.ts';
import { termsOf } from '../lsa/corpus.ts';
import type { Passage } from '../model/step-schemas.ts';
import type { Found, RetrieverName, SearchMode } from '../retrieval/search.ts';
import type { KeywordHit } from '../store/keyword-search.ts';
import { wrap, wrapWords } from './table.ts';
import type { Terminal } from './terminal.ts';

/** An answer with its query, and why each hit is there where that was asked. */
export interface Shown extends Found {
  readonly query: string;
  readonly explained?: ReadonlyMap<string, Explanation>;
}

const SHOWN_CHARACTERS = 160;
/** Under the first letter after `  1. `. */
const INDENT = ' '.repeat(5);

export function hitLines(
  { id, query, hits, explained }: Shown,
  isOneOfMany: boolean,
  { width, colours }: Terminal,
): string[] {
  return [
    ...(isOneOfMany ? [`${id}: ${count(hits.length, 'hit')}`] : []),
    ...(hits.length === 0 && !isOneOfMany ? ['nothing found'] : []),
    ...hits.flatMap(({ id: passage, score, title, heading, text }, rank) => {
      const place = [title, ...heading].filter((part) => part !== null).join(' › ');
      const [first = '', ...more] = wrap(place || passage, width, INDENT);
      return [
        `${String(rank + 1).padStart(3)}. ${first.trimStart()}`,
        ...more,
        `${INDENT}${score.toFixed(2)}  ${passage}`,
        ...(explained ? [colours.dim(INDENT + explanationLine(explained.get(passage)!))] : []),
        ...wrapWords(INDENT + excerptOf(text, query, SHOWN_CHARACTERS), width).map((line) =>
          highlight(line, query, colours.bold),
        ),
      ];
    }),
  ];
}

interface Place {
  /** From 1. */
  readonly rank: number;
  readonly score: number;
}

/** Null where that list does not have the hit. */
interface Explanation {
  readonly keyword?: Place | null;
  readonly vector?: Place | null;
  readonly fused?: Place | null;
  readonly reranked: Place | null;
}

/** By id, for the hits of one answer. */
export async function explainHits(query: string, { hits, lists }: Found): Promise<ReadonlyMap<string, Explanation>> {
  const reranked = await rerank(query, hits);
  const asked = Object.keys(lists) as RetrieverName[];
  return new Map(
    hits.map(({ id }) => [
      id,
      {
        ...Object.fromEntries(asked.map((name) => [name, placeIn(lists[name]!, id)])),
        ...(asked.length > 1 && { fused: placeIn(hits, id) }),
        reranked: placeIn(reranked, id),
      },
    ]),
  );
}

/** `keyword 3rd 12.41 · vector – · fused 1st 0.73 · reranked 2nd 0.55`. */
function explanationLine(explanation: Explanation): string {
  const { keyword, vector, fused, reranked } = explanation;
  return Object.entries({ keyword, vector, fused, reranked })
    .flatMap(([name, place]) => (place === undefined ? [] : [`${name} ${placeText(place)}`]))
    .join(' · ');
}

const placeText = (place: Place | null) => (place === null ? '–' : `${ordinal(place.rank)} ${place.score.toFixed(2)}`);

const ENDINGS: { readonly [rule: string]: string } = { one: 'st', two: 'nd', few: 'rd', other: 'th' };
const rules = new Intl.PluralRules('en', { type: 'ordinal' });
const ordinal = (number: number) => `${number}${ENDINGS[rules.select(number)]}`;

function placeIn(list: readonly { readonly id: string; readonly score: number }[], id: string): Place | null {
  const index = list.findIndex((each) => each.id === id);
  return index < 0 ? null : { rank: index + 1, score: list[index]!.score };
}

/** By the built-in reranker, which is loaded for this alone. */
async function rerank(query: string, hits: readonly KeywordHit[]): Promise<readonly Passage[]> {
  const { rerankByWords } = await import('../extractive/rerank-by-words.ts');
  const passages = hits.map(({ id, score, text, title, heading }) => ({
    id,
    score,
    text,
    ...(title !== null && { title }),
    heading: [...heading],
  }));
  return rerankByWords(query, passages, passages.length);
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Words before the first that is asked for. */
const LEAD_WORDS = 6;

/** The stretch of the text that holds most of the query's words, in at most so many characters, on one line. */
export function excerptOf(text: string, query: string, characters: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line.length <= characters) return line;
  const isAsked = askedBy(query);
  const words = [...line.matchAll(WORD)].map(({ 0: word, index }) => ({
    index,
    end: index + word.length,
    asked: isAsked(word),
  }));
  const asked = words.filter((word) => word.asked);
  const worthFrom = (start: number) =>
    asked.filter(({ index, end }) => index >= start && end <= start + characters).length;
  let [best, most] = [0, worthFrom(0)];
  for (const [at, word] of words.entries()) {
    const start = words[Math.max(0, at - LEAD_WORDS)]!.index;
    if (!word.asked || worthFrom(start) <= most) continue;
    [best, most] = [start, worthFrom(start)];
  }
  const end = Math.min(line.length, best + characters);
  return `${best > 0 ? '…' : ''}${line.slice(best, end)}${end < line.length ? '…' : ''}`;
}

/** The text with every word that the query asks for marked. */
export function highlight(text: string, query: string, mark: (word: string) => string): string {
  const isAsked = askedBy(query);
  return text.replaceAll(WORD, (word) => (isAsked(word) ? mark(word) : word));
}

function askedBy(query: string): (word: string) => boolean {
  const asked = termsOf(query);
  return (word) => [...termsOf(word).keys()].some((term) => asked.has(term));
}

interface Searched {
  readonly index: string;
  readonly mode: SearchMode;
  readonly query: string;
  readonly hits: number;
  readonly isExplained: boolean;
}

const SCORES: { readonly [mode in SearchMode]: string } = {
  keyword: 'scores are BM25: they compare within one answer only',
  vector: 'scores are cosines, at most 1',
  hybrid: 'scores are those of both searches, fused, at most 1',
};
const EXPLAINED =
  'keyword: BM25 · vector: cosine · fused: both, at most 1 · reranked: among the hits shown · –: not in that list';
const NOTHING: { readonly [mode in SearchMode]: string } = {
  keyword: 'no passage has any of its words, leaving out the most common such as "the"',
  vector: 'the embedding model knows none of its words',
  hybrid: 'no passage has any of its words, and the embedding model knows none of them',
};

/** Lines, of which the last is a command where there is one to try. */
export function searchNotes({ index, mode, query, hits, isExplained }: Searched): readonly string[] {
  const again = (options: string) => `sluice search --index ${index} ${options} ${quoted(query)}`;
  if (hits === 0) return [NOTHING[mode], ...(mode === 'keyword' ? [`by meaning, too: ${again('--mode hybrid')}`] : [])];
  if (isExplained) return [EXPLAINED];
  const options = mode === 'keyword' ? '--explain' : `--mode ${mode} --explain`;
  return [SCORES[mode], `why each is there: ${again(options)}`];
}

const LONGEST_SHOWN = 200;

/** As a shell takes it literally; a text that nobody would paste is left out. */
const quoted = (query: string) =>
  query.length > LONGEST_SHOWN || query.includes('\n') ? "'…'" : `'${query.replaceAll("'", String.raw`'\''`)}'`;
