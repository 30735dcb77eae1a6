/**
 * The shape and the knobs of Weights & Biases' documentation bot (wandb/wandbot, release 1.3): one call for intents and up
 * to 16 queries, 20 candidates per query thinned to 15 by maximal marginal relevance at 0.5, one list of all, the 15 best
 * of it by a reranker, one draft that follows the intents, and no check. What a list may hold differs: 100 passages here.
 * Its passages have at most 384 tokens, as those of every index of this project do.
 */
import { definePipeline } from '../src/index.ts';
import {
  enhanceQuery,
  fuse,
  generate,
  keepOrder,
  Question,
  rerank,
  vectorSearch,
  WandbotAnswer,
} from '../src/steps/index.ts';
import { asQuestion } from './conversation.ts';

const INTENTS = {
  unrelated: 'has nothing to do with the product',
  code_troubleshooting: 'code fails, or does something unexpected',
  integrations: 'is about using it with another library or service',
  product_features: 'is about what it can do',
  sales_and_gtm_related: 'is about prices, plans, contracts or trials',
  best_practices: 'is about how something is best done',
  course_related: 'is about courses and certificates',
  needs_more_info: 'cannot be understood without more information',
  opinion_request: 'asks for a personal opinion',
  nefarious_query: 'wants to do harm, or to make the bot misbehave',
  other: 'is none of these',
};

const HINTS = {
  unrelated: 'Say that you answer questions about the product only.',
  code_troubleshooting: 'Name the likely cause first, then the corrected code.',
  integrations: 'Show the smallest code that connects the two.',
  product_features: 'Say what it does, and where it is found.',
  sales_and_gtm_related: 'Say what the passages say, and refer to the sales team for the rest.',
  best_practices: 'Say what is recommended, and why.',
  needs_more_info: 'Ask for what is missing, in one sentence.',
  opinion_request: 'Give facts from the passages instead of an opinion.',
  nefarious_query: 'Decline in one sentence.',
};

export const wandbot = definePipeline('wandbot', Question, { chat: asQuestion })
  .step(
    'enhance',
    enhanceQuery,
    ({ input }) => ({ question: input.question, history: input.history }),
    {
      model: 'openai/gpt-5-mini',
      subject: 'Weights & Biases, a platform for machine learning',
      intents: INTENTS,
      maxQueries: 16,
    },
    { fallback: enhanceQuery.with({ model: 'local/rules' }) },
  )
  .step('vector', vectorSearch, ({ enhance }) => ({ queries: enhance.queries }), {
    index: 'wandb-docs',
    model: 'openai/text-embedding-3-small:512',
    per: 'query',
    topK: 15,
    mmr: { lambda: 0.5, fetch: 20 },
  })
  .step('fused', fuse, ({ vector }) => ({ lists: [vector.passages] }), { limit: 100 })
  .step(
    'ranked',
    rerank,
    ({ enhance, fused }) => ({ query: enhance.standalone, passages: fused.passages }),
    { model: 'cohere/rerank-v3.5', topN: 15 },
    { fallback: keepOrder.with({ topN: 15 }) },
  )
  .step(
    'draft',
    generate,
    ({ input, enhance, ranked }) => ({
      question: input.question,
      history: input.history,
      language: enhance.language,
      intents: enhance.intents,
      passages: ranked.passages,
      feedback: '',
    }),
    { model: 'openai/gpt-5-mini', hints: HINTS, maxWords: 250, contextTokens: 12_000 },
    { fallback: generate.with({ model: 'cohere/command-a-03-2025' }) },
  )
  .output(WandbotAnswer, ({ draft, enhance }) => ({
    text: draft.text,
    citations: draft.citations,
    answered: draft.answered,
    intents: enhance.intents,
  }));

/** Everything by this project's own algorithms. */
export const wandbotLocal = wandbot.variant('local', (edit) =>
  edit
    .configure('enhance', { model: 'local/rules' })
    .options('enhance', { fallback: null })
    .configure('vector', { model: 'local/lsa' })
    .configure('ranked', { model: 'local/lexical' })
    .configure('draft', { model: 'local/extractive' })
    .options('draft', { fallback: null }),
);
