/** Finding passages: searching an index, joining lists, keeping an order. */

import { webUrl } from '../base/web-url.ts';
import { StepFailure } from '../boundary/failure.ts';
import { type Implemented, implement } from '../boundary/implement.ts';
import { LIST_LENGTH, type Passage } from '../model/step-schemas.ts';
import { diversify } from '../retrieval/embedder.ts';
import { distinct, fuseLists } from '../retrieval/fuse.ts';
import type { TextSearch } from '../retrieval/search.ts';
import type { KeywordHit } from '../store/keyword-search.ts';
import type { Store } from '../store/store.ts';
import type { VectorHit } from '../store/vector-search.ts';
import { callOf } from './model-input.ts';
import { fuse, keepOrder, keywordSearch, vectorSearch } from './steps.ts';

export interface RetrievalDependencies {
  readonly store: Pick<Store, 'search'>;
  readonly textSearch: TextSearch;
}

/** The index takes no more of one query: the words beyond are left out. */
const QUERY_CHARACTERS = 8_000;
const QUERY_WORDS = 500;

export function createRetrievalSteps({ store, textSearch }: RetrievalDependencies): readonly Implemented[] {
  return [createVectorSearch(textSearch), createKeywordSearch(store.search), fuseLocal, keepOrderLocal];
}

/**
 * The nearest passages by cosine, all queries in one round trip. A passage that several queries find has its best score:
 * one model made all the vectors, so their cosines compare.
 */
function createVectorSearch(textSearch: TextSearch): Implemented {
  return implement(vectorSearch, async ({ queries }, context) => {
    const { index, topK, mmr, per, ...options } = context.config;
    const asked = [...new Set(queries)].map((query, place) => ({ id: `${place}`, query: query.toWellFormed() }));
    const top = Math.max(topK, mmr?.fetch ?? 0);
    const answers = await textSearch.search(index, asked, {
      ...options,
      top,
      withVectors: mmr !== undefined,
      call: callOf(context),
    });
    const choose = (hits: readonly VectorHit[]) =>
      mmr ? diversify(hits.slice(0, top), topK, mmr.lambda) : hits.slice(0, topK);
    const merge = (lists: readonly (readonly VectorHit[])[]) =>
      distinct(lists.flat().sort((one, other) => other.score - one.score));
    const lists = answers.map((answer) => answer.hits);
    const chosen = per === 'search' ? choose(merge(lists)) : merge(lists.map(choose)).slice(0, LIST_LENGTH);
    return { passages: chosen.map(asPassage), searched: true };
  });
}

/** BM25 over the words of a snapshot (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009). */
function createKeywordSearch(search: Store['search']): Implemented {
  return implement(keywordSearch, async ({ query }, { config }) => {
    const clipped = query.slice(0, QUERY_CHARACTERS).split(/\s+/).slice(0, QUERY_WORDS).join(' ').toWellFormed();
    const options = { top: config.topK, ...(config.snapshot !== undefined && { snapshot: config.snapshot }) };
    const [answer] = await search.keyword(config.index, [{ id: 'query', query: clipped }], options);
    return { passages: (answer?.hits ?? []).map(asPassage), searched: true };
  });
}

/** A hit without what it lacks, and without an address that is no link. */
function asPassage({ id, score, text, title, url: address, heading }: KeywordHit): Passage {
  const url = webUrl(address);
  return {
    ...{ id, score, text },
    ...(title !== null && { title }),
    ...(url !== undefined && { url }),
    ...(heading.length > 0 && { heading: [...heading] }),
  };
}

export const fuseLocal = implement(fuse, ({ lists, searched = [], wanted = true }, { config }) => {
  if (wanted && searched.length > 0 && !searched.includes(true)) throw nothingSearched(searched.length);
  return { passages: fuseLists(lists, config).slice(0, config.limit) };
});

/** To answer then that the documents do not say would be a guess. */
function nothingSearched(searches: number): StepFailure {
  return new StepFailure('retrieval_failed', {
    message: `none of ${searches} searches could be made: nothing is known of what the index holds`,
    remedy: 'see why each failed: sluice runs',
    retryable: false,
    data: { searches },
  });
}

export const keepOrderLocal = implement(keepOrder, ({ passages }, { config }) => ({
  passages: distinct(passages).slice(0, config.topN),
}));
