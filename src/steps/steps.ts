/**
 * The steps of the bots: the input, output and config of each. What they do is in `activities/`; a new version of what a
 * step does is a new `version` here. Those that ask a model are in `model-steps.ts`.
 */
import { z } from 'zod';
import { defineStep } from '../index.ts';
import { Citation, Found, LIST_LENGTH, Passage, PassageList, Passages } from '../model/step-schemas.ts';
import { topN } from './model-steps.ts';

/** Pure computation over a few passages: quick, and the same each time. */
const pure = { attempts: 2, timeout: '10 seconds' } as const;
/** The database rides through short outages itself; the attempts are for longer ones. */
const search = {
  attempts: 5,
  timeout: '15 seconds',
  backoff: { first: '500 ms', factor: 2, max: '10 seconds' },
} as const;

/** The passages of an index that are nearest in meaning to any of the queries, by the cosine of their vectors. */
export const vectorSearch = defineStep('vectorSearch', {
  version: 2,
  input: z.object({ queries: z.array(z.string().max(10_000)).max(20) }),
  output: Found,
  config: z.object({
    index: z.string().min(1).default('ai-docs'),
    topK: z.int().min(1).max(LIST_LENGTH).default(20),
    /** Whether `topK` and `mmr` are for all queries together, or for each; a list has at most 100 passages either way. */
    per: z.enum(['search', 'query']).default('search'),
    /** The embedding model that the index must have, such as `local/lsa`; else whichever it has. */
    model: z.string().optional(),
    /** A snapshot to stay with, by the beginning of its hash; else the newest. */
    snapshot: z.string().min(4).optional(),
    /** What the metadata of a passage's document must hold. */
    where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    /**
     * Passages less alike: topK of `fetch` candidates, each the one with the greatest
     * `lambda` × likeness to the query − (1 − `lambda`) × likeness to the nearest of those taken before it.
     */
    mmr: z
      .object({ lambda: z.number().min(0).max(1).default(0.7), fetch: z.int().min(1).max(LIST_LENGTH).default(50) })
      .optional(),
  }),
  effect: 'read',
  policy: search,
});

/** The passages of an index that hold the query's words, by BM25. */
export const keywordSearch = defineStep('keywordSearch', {
  version: 2,
  input: z.object({ query: z.string().max(10_000) }),
  output: Found,
  config: z.object({
    index: z.string().min(1).default('ai-docs'),
    topK: z.int().min(1).max(LIST_LENGTH).default(20),
    /** A snapshot to stay with, by the beginning of its hash; else the newest. */
    snapshot: z.string().min(4).optional(),
  }),
  effect: 'read',
  policy: search,
});

/** One list out of several, by reciprocal rank or by score; none at all where every one of the searches failed. */
export const fuse = defineStep('fuse', {
  version: 2,
  input: z.object({
    lists: z.array(PassageList).max(20),
    /** Of each search, whether it was made. */
    searched: z.array(z.boolean()).max(20).optional(),
    /** False where none was to be made: then none has failed. */
    wanted: z.boolean().optional(),
  }),
  output: Passages,
  config: z.object({
    by: z.enum(['rank', 'score']).default('rank'),
    /** By rank only: how little the first places count above those behind them. */
    k: z.number().min(1).max(1_000).default(60),
    /** One per list, in their order; lists without one count 1. */
    weights: z.array(z.number().min(0).max(100)).max(20).default([]),
    limit: z.int().min(1).max(LIST_LENGTH).default(50),
  }),
  effect: 'none',
  policy: pure,
});

/** The first of a list as it is: what a reranker falls back to. */
export const keepOrder = defineStep('keepOrder', {
  version: 1,
  input: z.object({ passages: PassageList }),
  output: Passages,
  config: z.object({ topN }),
  effect: 'none',
  policy: pure,
});

/** Says that the documents do not say, and what comes closest. */
export const decline = defineStep('decline', {
  version: 1,
  input: z.object({ question: z.string().max(10_000), passages: z.array(Passage).max(LIST_LENGTH) }),
  output: z.object({ text: z.string(), citations: z.array(Citation) }),
  effect: 'none',
  policy: pure,
});
