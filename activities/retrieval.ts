/** Finding passages: searching an index, joining lists, keeping an order. */
import type { Passage } from '../pipelines/schemas.ts';
import { fuse, keepOrder, keywordSearch, vectorSearch } from '../pipelines/steps.ts';
import { diversify } from '../src/embedding/mmr.ts';
import { createTextSearch, type TextSearch } from '../src/embedding/text-search.ts';
import { distinct, fuseLists } from '../src/retrieval/fuse.ts';
import type { KeywordHit } from '../src/store/keyword-search.ts';
import type { Store } from '../src/store/store.ts';
import { type Implemented, implement } from './boundary/implement.ts';
import { rerankLocal } from './rerank.ts';

export interface RetrievalDependencies {
  readonly store: Pick<Store, 'search' | 'vectors' | 'vectorSearch'>;
}

/** The index takes no more of one query: the words beyond are left out. */
const QUERY_CHARACTERS = 8_000;
const QUERY_WORDS = 500;

export function createRetrievalSteps({ store }: RetrievalDependencies): readonly Implemented[] {
  return [
    createVectorSearch(createTextSearch(store)),
    createKeywordSearch(store.search),
    fuseLocal,
    rerankLocal,
    keepOrderLocal,
  ];
}

/**
 * The nearest passages by cosine, all queries in one round trip. A passage that several queries find has its best score:
 * one model made all the vectors, so their cosines compare.
 */
function createVectorSearch(textSearch: TextSearch): Implemented {
  return implement(vectorSearch, async ({ queries }, { config }) => {
    const { index, topK, mmr, ...options } = config;
    const asked = [...new Set(queries)].map((query, place) => ({ id: `${place}`, query: query.toWellFormed() }));
    const top = Math.max(topK, mmr?.fetch ?? 0);
    const answers = await textSearch.search(index, asked, { ...options, top, withVectors: mmr !== undefined });
    const hits = answers.flatMap((answer) => answer.hits).sort((one, other) => other.score - one.score);
    const found = distinct(hits).slice(0, top);
    const chosen = mmr ? diversify(found, topK, mmr.lambda) : found.slice(0, topK);
    return { passages: chosen.map(asPassage) };
  });
}

/** BM25 over the words of a snapshot (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009). */
function createKeywordSearch(search: Store['search']): Implemented {
  return implement(keywordSearch, async ({ query }, { config }) => {
    const clipped = query.slice(0, QUERY_CHARACTERS).split(/\s+/).slice(0, QUERY_WORDS).join(' ').toWellFormed();
    const options = { top: config.topK, ...(config.snapshot !== undefined && { snapshot: config.snapshot }) };
    const [answer] = await search.keyword(config.index, [{ id: 'query', query: clipped }], options);
    return { passages: (answer?.hits ?? []).map(asPassage) };
  });
}

/** A hit without what it lacks. */
const asPassage = ({ id, score, text, title, url, heading }: KeywordHit): Passage => ({
  id,
  score,
  text,
  ...(title !== null && { title }),
  ...(url !== null && { url }),
  ...(heading.length > 0 && { heading: [...heading] }),
});

export const fuseLocal = implement(fuse, ({ lists }, { config }) => ({
  passages: fuseLists(lists, config).slice(0, config.limit),
}));

export const keepOrderLocal = implement(keepOrder, ({ passages }, { config }) => ({
  passages: distinct(passages).slice(0, config.topN),
}));
