/**
 * The steps of the documentation bot: what each takes, gives and can be told. What they do is in `activities/`; a new
 * version of what a step does is a new `version` here.
 */
import { z } from 'zod';
import { defineStep } from '../src/index.ts';
import { Citation, LIST_LENGTH, Passage, PassageList, Passages, Question, Turn } from './schemas.ts';

/** Pure computation over a few passages: quick, and the same each time. */
const pure = { attempts: 2, timeout: '10 seconds' } as const;
/** The database rides through short outages itself; the attempts are for longer ones. */
const search = {
  attempts: 5,
  timeout: '15 seconds',
  backoff: { first: '500 ms', factor: 2, max: '10 seconds' },
} as const;

const topN = z.int().min(1).max(LIST_LENGTH).default(8);

/** A question made searchable: on its own, without the conversation, and in its parts. */
export const enhanceQuery = defineStep('enhanceQuery', {
  version: 1,
  input: z.object({ question: Question.shape.question, history: z.array(Turn).max(50).optional() }),
  output: z.object({
    /** The question with what it refers to in the conversation. */
    standalone: z.string(),
    /** ISO 639-1, or `und` where it cannot be told. */
    language: z.string(),
    keywords: z.array(z.string()).max(12),
    /** What to search for: the question, its keywords, its parts. */
    queries: z.array(z.string()).min(1).max(4),
  }),
  effect: 'none',
  policy: pure,
});

/** The passages of an index that are nearest in meaning to any of the queries, by the cosine of their vectors. */
export const vectorSearch = defineStep('vectorSearch', {
  version: 1,
  input: z.object({ queries: z.array(z.string().max(10_000)).max(20) }),
  output: Passages,
  config: z.object({
    index: z.string().min(1).default('ai-docs'),
    topK: z.int().min(1).max(LIST_LENGTH).default(20),
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
  policy: search,
});

/** The passages of an index that hold the query's words, by BM25. */
export const keywordSearch = defineStep('keywordSearch', {
  version: 1,
  input: z.object({ query: z.string().max(10_000) }),
  output: Passages,
  config: z.object({
    index: z.string().min(1).default('ai-docs'),
    topK: z.int().min(1).max(LIST_LENGTH).default(20),
    /** A snapshot to stay with, by the beginning of its hash; else the newest. */
    snapshot: z.string().min(4).optional(),
  }),
  policy: search,
});

/** One list out of several, by reciprocal rank or by score. */
export const fuse = defineStep('fuse', {
  version: 1,
  input: z.object({ lists: z.array(PassageList).max(20) }),
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

/** The best of a list, looked at more closely. */
export const rerank = defineStep('rerank', {
  version: 1,
  input: z.object({ query: z.string().max(10_000), passages: PassageList }),
  output: Passages,
  config: z.object({ topN }),
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

/** An answer in the documents' own words, each part with the number of the passage it is from. */
export const generate = defineStep('generate', {
  version: 1,
  input: z.object({ question: z.string().max(10_000), passages: PassageList, feedback: z.string().max(10_000) }),
  output: z.object({
    text: z.string(),
    citations: z.array(Citation),
    /** False where no passage speaks of what is asked. */
    answered: z.boolean(),
  }),
  config: z.object({
    /** Words of prose, about; lists and code that belong to it come on top. */
    maxWords: z.int().min(20).max(1_000).default(110),
    maxPassages: z.int().min(1).max(10).default(3),
    /** Lines of code, at most; 0 leaves code out. */
    codeLines: z.int().min(0).max(200).default(40),
  }),
  effect: 'none',
  policy: pure,
});

/** Whether an answer is what its passages say, and says what was asked. */
export const validate = defineStep('validate', {
  version: 1,
  input: z.object({
    question: z.string().max(10_000),
    answer: z.object({ text: z.string(), citations: z.array(Citation), answered: z.boolean() }),
    passages: PassageList,
  }),
  output: z.object({
    /** Grounded, and either an answer or honest about having none. */
    passed: z.boolean(),
    answered: z.boolean(),
    /** From 0 to 1: the least of support, evidence and coverage. */
    score: z.number().min(0).max(1),
    /** What is wrong, for the next draft. */
    feedback: z.string(),
  }),
  config: z.object({
    /** The share of a sentence's words that what it cites must hold. */
    minimumSupport: z.number().min(0).max(1).default(0.75),
    /** The share of the question that the passages must hold; where they hold less, the documents do not answer it. */
    minimumEvidence: z.number().min(0).max(1).default(0.65),
    /** The share of what they hold of the question that the answer must speak of. */
    minimumCoverage: z.number().min(0).max(1).default(0.2),
  }),
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
