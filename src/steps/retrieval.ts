/** Finding passages: searching an index, joining lists, keeping an order. */

import { z } from 'zod';
import { webUrl } from '../base/web-url.ts';
import { StepFailure } from '../boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { rerankByWords } from '../extractive/rerank-by-words.ts';
import { placeName } from '../extractive/terms.ts';
import type { ConfigOf } from '../index.ts';
import { LIST_LENGTH, type Passage } from '../model/step-schemas.ts';
import type { Providers } from '../models/providers.ts';
import { diversify } from '../retrieval/embedder.ts';
import { distinct, fuseLists } from '../retrieval/fuse.ts';
import type { TextSearch } from '../retrieval/search.ts';
import type { KeywordHit } from '../store/keyword-search.ts';
import type { Store } from '../store/store.ts';
import type { VectorHit } from '../store/vector-search.ts';
import { callOf, isLocal, isReranker, replyLimits } from './model-input.ts';
import { rerank } from './model-steps.ts';
import { fillPrompt } from './prompts.ts';
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

// Looks at candidates more closely than a search can: by a served reranker, by a language model that is shown the list
// and orders it, or by their words.

type Context = StepContext<ConfigOf<typeof rerank>>;

export function createRerank(providers: Providers): Implemented {
  return implement(rerank, async ({ query, passages }, context) => {
    const { model, topN } = context.config;
    if (isLocal(model)) return { passages: rerankByWords(query, passages, topN) };
    const unique = distinct(passages);
    // Nothing to choose among: not worth a call.
    if (unique.length === 0) return { passages: [] };
    const order = isReranker(model) ? byReranker : byLanguageModel;
    return { passages: (await order(providers, query, unique, context)).slice(0, topN) };
  });
}

async function byReranker(providers: Providers, query: string, passages: readonly Passage[], context: Context) {
  const { model, topN } = context.config;
  const documents = passages.map((passage) => ({ text: passage.text, title: placeName(passage) }));
  const request = { query, documents, topN: Math.min(topN, passages.length) };
  const { results } = await providers.reranker(model).rerank(request, callOf(context));
  const scores = new Map(results.map(({ index, score }) => [index, score]));
  const chosen = orderBy(
    results.map(({ index }) => index),
    passages.length,
  );
  return chosen.map((index) => ({ ...passages[index]!, score: scores.get(index) ?? 0 }));
}

const Order = z.object({ order: z.array(z.number()) });

/** Listwise, in one call (Sun and others, "Is ChatGPT Good at Search?", EMNLP 2023). Scores are 1 / place. */
async function byLanguageModel(providers: Providers, query: string, passages: readonly Passage[], context: Context) {
  const { model, topN, maxShown, prompt } = context.config;
  const documents = passages
    .slice(0, maxShown)
    .map((passage, index) => ({ n: index + 1, text: passage.text, title: placeName(passage) }));
  const messages = [
    { role: 'system', content: fillPrompt(prompt, { topN: Math.min(topN, documents.length) }) },
    { role: 'user', content: `Query: ${query}` },
  ] as const;
  const { data } = await providers
    .languageModel(model)
    .writeData(
      { messages, documents, ...replyLimits(context.config) },
      { name: 'order', schema: Order },
      callOf(context),
    );
  const shown = data.order.map((n) => n - 1).filter((index) => index < documents.length);
  return orderBy(shown, passages.length).map((index, place) => ({ ...passages[index]!, score: 1 / (place + 1) }));
}

/** All of 0 to `count` − 1: first those named, each once, then the others as they were; what is no such number is dropped. */
function orderBy(named: readonly number[], count: number): readonly number[] {
  const indexes = Array.from({ length: count }, (_, index) => index);
  return [...new Set([...named.filter((index) => indexes.includes(index)), ...indexes])];
}
