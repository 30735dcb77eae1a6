/**
 * A bot that answers from documentation and says where it read it: searches by meaning and by words at once, ranks,
 * drafts an answer with citations, checks it, drafts again with what the check missed, and declines what the documents
 * do not say.
 */
import { definePipeline } from '../src/index.ts';
import { Answer, Feedback, Question } from './schemas.ts';
import {
  decline,
  enhanceQuery,
  fuse,
  generate,
  keepOrder,
  keywordSearch,
  rerank,
  validate,
  vectorSearch,
} from './steps.ts';

export const docsBot = definePipeline('docs-bot', Question)
  .step('enhance', enhanceQuery, ({ input }) => ({ question: input.question, history: input.history }))
  .step('vector', vectorSearch, ({ enhance }) => ({ queries: enhance.queries }), { index: 'ai-docs', topK: 50 })
  .step(
    'keyword',
    keywordSearch,
    ({ enhance }) => ({ query: enhance.standalone }),
    { index: 'ai-docs', topK: 50 },
    { orElse: { passages: [] } },
  )
  .step('fused', fuse, ({ vector, keyword }) => ({ lists: [vector.passages, keyword.passages] }), {
    by: 'score',
    weights: [0.3, 0.7],
  })
  .step(
    'ranked',
    rerank,
    ({ enhance, fused }) => ({ query: enhance.standalone, passages: fused.passages }),
    { topN: 8 },
    { fallback: keepOrder.with({ topN: 8 }) },
  )
  .repeat('answer', { max: 3, carry: Feedback, start: { feedback: '' }, whenExhausted: 'keep-last' }, (attempt) =>
    attempt
      .step('draft', generate, ({ enhance, ranked, carry }) => ({
        question: enhance.standalone,
        passages: ranked.passages,
        feedback: carry.feedback,
      }))
      // All that was found, not the best of it alone: whether the documents speak of what is asked.
      .step('check', validate, ({ enhance, fused, draft }) => ({
        question: enhance.standalone,
        answer: draft,
        passages: fused.passages,
      }))
      .until(
        ({ check }) => check.passed,
        ({ check }) => ({ feedback: check.feedback }),
      ),
  )
  .branch(
    'reply',
    Answer,
    ({ answer }) => answer.check.answered,
    (arm) =>
      arm.yield(({ answer }) => ({
        text: answer.draft.text,
        citations: answer.draft.citations,
        passed: answer.check.passed,
        answered: true,
      })),
    (arm) =>
      arm
        .step('refusal', decline, ({ input, ranked }) => ({ question: input.question, passages: ranked.passages }))
        .yield(({ refusal }) => ({ text: refusal.text, citations: refusal.citations, passed: true, answered: false })),
  )
  .output(Answer, ({ reply }) => ({
    text: reply.text,
    citations: reply.citations,
    passed: reply.passed,
    answered: reply.answered,
  }));

/** Fewer, closer passages for the draft. */
export const narrow = docsBot.variant('narrow', (edit) => edit.configure('ranked', { topN: 4 }));

/** Lets the reranker choose among more. */
export const deep = docsBot.variant('deep', (edit) =>
  edit.configure('vector', { topK: 100 }).configure('keyword', { topK: 100 }).configure('fused', { limit: 100 }),
);

/** What each search finds by itself. */
export const vectorOnly = docsBot.variant('vector-only', (edit) =>
  edit.rewire('fused', ({ vector }) => ({ lists: [vector.passages] })),
);
export const keywordOnly = docsBot.variant('keyword-only', (edit) =>
  edit.rewire('fused', ({ keyword }) => ({ lists: [keyword.passages] })),
);
