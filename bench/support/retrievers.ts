/**
 * What the retrieval benchmark compares: ways to rank passages for a question, put together from the steps themselves.
 * The first is what the others are compared with.
 */
import { docsBot } from '../../pipelines/docs-bot.ts';
import type { Json } from '../../src/index.ts';
import type { Passage } from '../../src/model/step-schemas.ts';
import { configOf } from '../../src/plan/skeleton.ts';
import { enhanceQuery, rerank } from '../../src/steps/model-steps.ts';
import { fuse, keywordSearch, vectorSearch } from '../../src/steps/steps.ts';
import { DOCS_INDEX } from './docs-index.ts';
import type { InProcessHost } from './in-process.ts';

type Search = (question: string) => Promise<readonly Passage[]>;

export interface Retriever {
  readonly name: string;
  readonly search: Search;
}

/** Passages per list: the most that a list may hold, since several passages can be from one page. */
const POOL = 100;
/** As the documentation bot fuses. */
const HYBRID = configOf(docsBot.plan, 'fused', 'step') as { readonly [key: string]: Json };

export function createRetrievers(host: InProcessHost): readonly Retriever[] {
  const keyword: Search = async (query) =>
    (await host.call(keywordSearch, { query }, { index: DOCS_INDEX, topK: POOL })).passages;

  const vectorOf = async (queries: readonly string[]) =>
    (await host.call(vectorSearch, { queries: [...queries] }, { index: DOCS_INDEX, topK: POOL })).passages;
  const vector: Search = (query) => vectorOf([query]);

  const fused = async (lists: readonly (readonly Passage[])[], config = {}) =>
    (await host.call(fuse, { lists: lists.map((list) => [...list]) }, { ...config, limit: POOL })).passages;

  const reranked =
    (search: Search): Search =>
    async (query) =>
      (await host.call(rerank, { query, passages: [...(await search(query))] }, { topN: POOL })).passages;

  /** As the documentation bot searches: with the question, its keywords and its parts. */
  const enhanced =
    (search: Search): Search =>
    async (question) => {
      const { queries } = await host.call(enhanceQuery, { question });
      return fused(await Promise.all(queries.map(search)));
    };

  const both = (query: string) => Promise.all([vector(query), keyword(query)]);
  const hybrid: Search = async (query) => fused(await both(query), HYBRID);
  const hybridByRank: Search = async (query) => fused(await both(query));

  /** As the documentation bot does: the vectors of all that was made of the question, the words of the question alone. */
  const enhancedHybrid: Search = async (question) => {
    const { queries, standalone } = await host.call(enhanceQuery, { question });
    return fused(await Promise.all([vectorOf(queries), keyword(standalone)]), HYBRID);
  };

  return [
    { name: 'keyword', search: keyword },
    { name: 'vector', search: vector },
    { name: 'hybrid', search: hybrid },
    { name: 'hybrid by rank', search: hybridByRank },
    { name: 'hybrid + rerank', search: reranked(hybrid) },
    { name: 'enhanced hybrid', search: enhancedHybrid },
    { name: 'enhanced hybrid + rerank', search: reranked(enhancedHybrid) },
    { name: 'keyword + rerank', search: reranked(keyword) },
    { name: 'enhanced keyword', search: enhanced(keyword) },
    { name: 'enhanced keyword + rerank', search: reranked(enhanced(keyword)) },
  ];
}
