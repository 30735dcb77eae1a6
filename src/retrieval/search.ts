/** The ways to search an index, under one roof: by words, by meaning, or by both at once. */

import { onceEach } from '../base/once.ts';
import type { KeywordHit } from '../store/keyword-search.ts';
import type { Store } from '../store/store.ts';
import { type MetadataFilter, modelDiffers, type VectorHit } from '../store/vector-search.ts';
import { type EmbedCall, type EmbedderOf, type EmbeddingModel, isModelOf, type Vector } from './embedder.ts';
import { localEmbedderOf } from './embedders.ts';
import { type FuseOptions, fuseLists } from './fuse.ts';

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

/**
 * Search by what texts mean: embeds queries with the very model that the index's snapshot was made with, and finds the
 * passages nearest to them. A model is read from the store once, and kept while it is among those used last.
 */
export interface TextQuery {
  /** Names the query in the answer. */
  readonly id: string;
  readonly query: string;
}

export interface TextAnswer {
  readonly id: string;
  /** Nearest first; the score is the cosine. */
  readonly hits: readonly VectorHit[];
}

export interface TextEmbedOptions {
  /** The hash of a snapshot, or the beginning of it; default: the current one. */
  readonly snapshot?: string | undefined;
  /** A model, or an embedder by name: an index with another is refused. Default: whichever the index has. */
  readonly model?: string | undefined;
  /** For whom: a served model is paid for it. */
  readonly call?: EmbedCall;
}

export interface TextSearchOptions extends TextEmbedOptions {
  /** Hits per query at most, 1 to 100. */
  readonly top: number;
  readonly where?: MetadataFilter | undefined;
  readonly withVectors?: boolean;
}

export interface TextSearch {
  /**
   * Answers in the order of the queries. A query of which the model knows no word finds nothing.
   *
   * @throws SluiceError `embedding_model_differs`, `embedding_model_unknown`, and those of `vectorSearch.nearest`
   */
  search(index: string, queries: readonly TextQuery[], options: TextSearchOptions): Promise<readonly TextAnswer[]>;
  /**
   * The vectors of texts, in their order, as those of queries: for comparing texts that the index does not hold.
   *
   * @throws SluiceError `embedding_model_differs`, `embedding_model_unknown`, and those of `vectorSearch.embedded`
   */
  embed(index: string, texts: readonly string[], options: TextEmbedOptions): Promise<readonly Vector[]>;
}

type SearchedStore = Pick<Store, 'vectors' | 'vectorSearch'>;

/** Models one process keeps, of 5 to 50 MB each. */
const KEPT_MODELS = 4;

export function createTextSearch(store: SearchedStore, embedderOf: EmbedderOf = localEmbedderOf): TextSearch {
  const loadModel = createModels(store, embedderOf);
  const embedTexts = async (index: string, texts: readonly string[], options: TextEmbedOptions) => {
    const { snapshot, model: wanted, call } = options;
    const embedded = await store.vectorSearch.embedded(index, snapshot);
    if (wanted !== undefined && !isModelOf({ name: wanted }, embedded.model))
      throw modelDiffers(index, embedded.model, wanted);
    const model = await loadModel(embedded.model, index);
    return { model, snapshot: embedded.hash, vectors: await model.embedQueries(texts, call) };
  };
  return Object.freeze({
    embed: async (index, texts, options) => (await embedTexts(index, texts, options)).vectors,
    async search(index, queries, { top, where, withVectors = false, ...options }) {
      const texts = queries.map(({ query }) => query);
      const { model, snapshot, vectors } = await embedTexts(index, texts, options);
      return store.vectorSearch.nearest(
        index,
        queries.map(({ id }, place) => ({ id, vector: vectors[place] })),
        // The snapshot found above, should another be committed meanwhile.
        { top, model: model.id, snapshot, withVectors, ...(where && { where }) },
      );
    },
  } satisfies TextSearch);
}

/** Reads each model once, however many ask for it at a time. */
function createModels({ vectors }: SearchedStore, embedderOf: EmbedderOf) {
  const read = async (id: string, index: string): Promise<EmbeddingModel> =>
    embedderOf(id).restore(id, await vectors.modelState(index, id));
  return onceEach(read, KEPT_MODELS);
}
