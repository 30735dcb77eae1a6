/** Why a hit is where it is: its place and score in each retriever's list, after fusion, and after the reranker. */
import type { Passage } from '../model/step-schemas.ts';
import type { Found, RetrieverName } from '../retrieval/search.ts';
import type { KeywordHit } from '../store/keyword-search.ts';

export interface Place {
  /** From 1. */
  readonly rank: number;
  readonly score: number;
}

/** Null where that list does not have the hit. */
export interface Explanation {
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
export function explanationLine(explanation: Explanation): string {
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
