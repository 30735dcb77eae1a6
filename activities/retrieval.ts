/** Finding passages: searching an index, joining lists, keeping an order. */
import type { Passage } from '../pipelines/schemas.ts';
import { fuse, keepOrder, keywordSearch, vectorSearch } from '../pipelines/steps.ts';
import { diversify } from '../src/embedding/mmr.ts';
import { createTextSearch, type TextSearch } from '../src/embedding/text-search.ts';
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
    fuseLists,
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

/**
 * Several lists as one, by rank or by score.
 *
 * By rank: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), weight / (k + rank) in each list that has
 * the passage. Only ranks count, so scores of different kinds need no common scale.
 *
 * By score: a convex combination of scores, each list's stretched from 0, its worst, to 1, its best (Bruch, Gai and
 * Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023). What one list finds far better than all
 * else stays in front, though another list may not have it.
 */
export const fuseLists = implement(fuse, ({ lists }, { config }) => {
  const { by, k, weights, limit } = config;
  const fused = new Map<string, { readonly passage: Passage; score: number }>();
  for (const [index, list] of lists.entries()) {
    const weight = weights[index] ?? 1;
    const once = distinct(list);
    const worths = by === 'rank' ? once.map((_, rank) => 1 / (k + rank + 1)) : stretched(once);
    for (const [rank, passage] of once.entries()) {
      const entry = fused.get(passage.id) ?? { passage, score: 0 };
      entry.score += weight * worths[rank]!;
      fused.set(passage.id, entry);
    }
  }
  // A stable sort: equal scores stay in the order in which they were first met.
  const ranked = [...fused.values()].sort((one, other) => other.score - one.score);
  return { passages: ranked.slice(0, limit).map(({ passage, score }) => ({ ...passage, score })) };
});

/** Scores from 0 to 1; all 1 where they are equal. */
function stretched(list: readonly Passage[]): readonly number[] {
  const scores = list.map(({ score }) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (most === least ? 1 : (score - least) / (most - least)));
}

export const keepOrderLocal = implement(keepOrder, ({ passages }, { config }) => ({
  passages: distinct(passages).slice(0, config.topN),
}));

/** The first of each id. */
function distinct<T extends { readonly id: string }>(passages: readonly T[]): T[] {
  const seen = new Set<string>();
  return passages.filter(({ id }) => !seen.has(id) && seen.add(id));
}
