/** Finding passages: searching an index, joining lists, keeping an order. */
import type { Passage } from '../pipelines/schemas.ts';
import { fuse, keepOrder, keywordSearch } from '../pipelines/steps.ts';
import type { Store } from '../src/store/store.ts';
import { type Implemented, implement } from './boundary/implement.ts';
import { rerankLocal } from './rerank.ts';

export interface RetrievalDependencies {
  readonly store: Pick<Store, 'search'>;
}

/** The index takes no more of one query: the words beyond are left out. */
const QUERY_CHARACTERS = 8_000;
const QUERY_WORDS = 500;

export function createRetrievalSteps({ store }: RetrievalDependencies): readonly Implemented[] {
  return [createKeywordSearch(store.search), fuseByRank, rerankLocal, keepOrderLocal];
}

/** BM25 over the words of a snapshot (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009). */
function createKeywordSearch(search: Store['search']): Implemented {
  return implement(keywordSearch, async ({ query }, { config }) => {
    const clipped = query.slice(0, QUERY_CHARACTERS).split(/\s+/).slice(0, QUERY_WORDS).join(' ').toWellFormed();
    const options = { top: config.topK, ...(config.snapshot !== undefined && { snapshot: config.snapshot }) };
    const [answer] = await search.keyword(config.index, [{ id: 'query', query: clipped }], options);
    const hits = answer?.hits ?? [];
    return {
      passages: hits.map(({ title, url, heading, ...hit }) => ({
        ...hit,
        ...(title !== null && { title }),
        ...(url !== null && { url }),
        ...(heading.length > 0 && { heading: [...heading] }),
      })),
    };
  });
}

/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): a passage scores weight / (k + rank) in each list
 * that has it. Only ranks count, so scores of different kinds need no common scale.
 */
export const fuseByRank = implement(fuse, ({ lists }, { config }) => {
  const fused = new Map<string, { readonly passage: Passage; score: number }>();
  for (const [index, list] of lists.entries()) {
    const weight = config.weights[index] ?? 1;
    const once = distinctPassages(list);
    for (const [rank, passage] of once.entries()) {
      const entry = fused.get(passage.id) ?? { passage, score: 0 };
      entry.score += weight / (config.k + rank + 1);
      fused.set(passage.id, entry);
    }
  }
  // A stable sort: equal scores stay in the order in which they were first met.
  const ranked = [...fused.values()].sort((one, other) => other.score - one.score);
  return { passages: ranked.slice(0, config.limit).map(({ passage, score }) => ({ ...passage, score })) };
});

export const keepOrderLocal = implement(keepOrder, ({ passages }, { config }) => ({
  passages: distinctPassages(passages).slice(0, config.topN),
}));

/** The first of each id. */
function distinctPassages(passages: readonly Passage[]): Passage[] {
  const seen = new Set<string>();
  return passages.filter(({ id }) => !seen.has(id) && seen.add(id));
}
