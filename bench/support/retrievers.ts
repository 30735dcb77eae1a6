/**
 * What the retrieval benchmark compares: ways to rank passages for a question, put together from the steps themselves.
 * The first is what the others are compared with.
 */
import type { Passage } from '../../pipelines/schemas.ts';
import { enhanceQuery, fuse, keywordSearch, rerank } from '../../pipelines/steps.ts';
import { DOCS_INDEX } from './docs-index.ts';
import type { InProcessHost } from './in-process.ts';

type Search = (question: string) => Promise<readonly Passage[]>;

export interface Retriever {
  readonly name: string;
  readonly search: Search;
}

/** Passages per list: the most that a list may hold, since several passages can be from one page. */
const POOL = 100;

export function createRetrievers(host: InProcessHost): readonly Retriever[] {
  const keyword: Search = async (query) =>
    (await host.call(keywordSearch, { query }, { index: DOCS_INDEX, topK: POOL })).passages;

  const fused = async (lists: readonly (readonly Passage[])[]) =>
    (await host.call(fuse, { lists: lists.map((list) => [...list]) }, { limit: POOL })).passages;

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

  return [
    { name: 'keyword', search: keyword },
    { name: 'keyword + rerank', search: reranked(keyword) },
    { name: 'enhanced keyword', search: enhanced(keyword) },
    { name: 'enhanced keyword + rerank', search: reranked(enhanced(keyword)) },
  ];
}
