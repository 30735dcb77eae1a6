/** The ways to search an index, under one roof: by words, by meaning, or by both at once. */

import type { KeywordHit } from '../store/keyword-search.ts';
import type { Store } from '../store/store.ts';
import type { EmbedderOf } from './embedder.ts';
import { type FuseOptions, fuseLists } from './fuse.ts';
import { createTextSearch, type TextQuery } from './text-search.ts';

export type RetrieverName = 'keyword' | 'vector';
export type SearchMode = RetrieverName | 'hybrid';

/** Lists of so many are fused, however few are asked for. */
const FUSED_HITS = 100;
/** As the documentation bot fuses: chosen on the dev half of its question set (`bench/retrieval.ts`). */
const HYBRID: FuseOptions = Object.freeze({ by: 'score', k: 60, weights: [0.3, 0.7] });

export interface Found {
  readonly id: string;
  /** Best first. */
  readonly hits: readonly KeywordHit[];
  /** What each retriever that was asked found by itself. */
  readonly lists: { readonly [name in RetrieverName]?: readonly KeywordHit[] };
}

export interface ModeOptions {
  readonly mode: SearchMode;
  /** Hits per query at most, 1 to 100. */
  readonly top: number;
  /** By the beginning of its hash; default: the newest. */
  readonly snapshot?: string | undefined;
  /** Ends the calls of a served embedding model. */
  readonly signal?: AbortSignal;
}

export type SearchByMode = (
  index: string,
  queries: readonly TextQuery[],
  options: ModeOptions,
) => Promise<readonly Found[]>;

/** @throws from the search: as `search.keyword` and `TextSearch.search` */
export function createSearchByMode(
  store: Pick<Store, 'indexes' | 'search' | 'vectors' | 'vectorSearch'>,
  embedderOf?: EmbedderOf,
): SearchByMode {
  const byMeaning = createTextSearch(store, embedderOf);
  return async (index, queries, { mode, top, snapshot, signal }) => {
    const call = signal && { call: { signal } };
    const one = { top, ...(snapshot !== undefined && { snapshot }) };
    if (mode === 'keyword')
      return (await store.search.keyword(index, queries, one)).map((answer) => ({
        ...answer,
        lists: { keyword: answer.hits },
      }));
    if (mode === 'vector')
      return (await byMeaning.search(index, queries, { ...one, ...call })).map((answer) => ({
        ...answer,
        lists: { vector: answer.hits },
      }));
    // One snapshot for both, should another be committed meanwhile.
    const options = { top: FUSED_HITS, snapshot: (await store.indexes.snapshot(index, snapshot)).hash };
    const [vectors, keywords] = await Promise.all([
      byMeaning.search(index, queries, { ...options, ...call }),
      store.search.keyword(index, queries, options),
    ]);
    return queries.map(({ id }, place) => {
      const [vector, keyword] = [vectors[place]!.hits, keywords[place]!.hits];
      return { id, hits: fuseLists([vector, keyword], HYBRID).slice(0, top), lists: { keyword, vector } };
    });
  };
}
