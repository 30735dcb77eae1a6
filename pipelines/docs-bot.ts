/**
 * A bot that answers from documentation and says where it read it: makes the question searchable, searches by meaning and
 * by words at once, ranks, drafts an answer with citations, checks it, drafts again with what the check found, and
 * declines what the documents do not say. Its models are Cohere's and OpenAI's; the variant `local` needs neither, and
 * `own-server` needs a server that speaks OpenAI's protocol alone.
 */
import { definePipeline } from '../src/index.ts';
import {
  Answer,
  decline,
  enhanceQuery,
  Feedback,
  fuse,
  generate,
  hydeQuery,
  keepOrder,
  keywordSearch,
  Question,
  rerank,
  validate,
  vectorSearch,
} from '../src/steps/index.ts';
import { asQuestion } from './conversation.ts';

const COMMAND = 'cohere/command-a-03-2025';
/** What readers get of a search that failed, or was not worth making. */
const unsearched = { passages: [], searched: false };

export const docsBot = definePipeline('docs-bot', Question, { chat: asQuestion })
  .step(
    'enhance',
    enhanceQuery,
    ({ input }) => ({ question: input.question, history: input.history }),
    { model: COMMAND, maxQueries: 8 },
    { fallback: enhanceQuery.with({ model: 'local/rules' }) },
  )
  .step(
    'vector',
    vectorSearch,
    ({ enhance }) => ({ queries: enhance.queries }),
    { index: 'ai-docs', topK: 50, model: 'openai/text-embedding-3-small' },
    { when: ({ enhance }) => enhance.answerable, orElse: unsearched },
  )
  .step(
    'keyword',
    keywordSearch,
    ({ enhance }) => ({ query: enhance.standalone }),
    { index: 'ai-docs', topK: 50 },
    { when: ({ enhance }) => enhance.answerable, orElse: unsearched },
  )
  .step(
    'fused',
    fuse,
    // No `orElse` here: it would also stand in where all searches fail, and the bot say that nothing was found.
    ({ enhance, vector, keyword }) => ({
      lists: [vector.passages, keyword.passages],
      searched: [vector.searched, keyword.searched],
      wanted: enhance.answerable,
    }),
    { by: 'score', weights: [0.3, 0.7] },
  )
  .step(
    'ranked',
    rerank,
    ({ enhance, fused }) => ({ query: enhance.standalone, passages: fused.passages }),
    { model: 'cohere/rerank-v3.5', topN: 8 },
    { fallback: keepOrder.with({ topN: 8 }) },
  )
  .repeat('answer', { max: 3, carry: Feedback, start: { feedback: '' }, whenExhausted: 'keep-last' }, (attempt) =>
    attempt
      .step(
        'draft',
        generate,
        ({ enhance, ranked, carry }) => ({
          question: enhance.standalone,
          language: enhance.language,
          passages: ranked.passages,
          feedback: carry.feedback,
        }),
        { model: 'openai/gpt-5-mini' },
        { fallback: generate.with({ model: COMMAND }) },
      )
      // All that was found, not the best of it alone: whether the documents speak of what is asked.
      .step(
        'check',
        validate,
        ({ enhance, fused, draft }) => ({ question: enhance.standalone, answer: draft, passages: fused.passages }),
        { model: 'openai/gpt-5-mini' },
        { fallback: validate.with({ model: 'local/lexical' }) },
      )
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

/** Everything by this project's own algorithms: no key, no network, nothing to pay. */
export const local = docsBot.variant('local', (edit) =>
  edit
    .configure('enhance', { model: 'local/rules', maxQueries: 4 })
    .options('enhance', { fallback: null })
    .configure('vector', { model: 'local/lsa' })
    .configure('ranked', { model: 'local/lexical' })
    .configure('draft', { model: 'local/extractive' })
    .options('draft', { fallback: null })
    .configure('check', { model: 'local/lexical' })
    .options('check', { fallback: null }),
);

/**
 * Chat by a server that speaks OpenAI's protocol, search and ranking by this project's own algorithms: no key of Cohere.
 * The server is asked for the model `gpt-5-mini`; where it has another, name that here.
 */
export const ownServer = docsBot.variant('own-server', (edit) =>
  edit
    .configure('enhance', { model: 'openai/gpt-5-mini' })
    .configure('vector', { model: 'local/lsa' })
    .configure('ranked', { model: 'local/lexical' })
    .options('draft', { fallback: null }),
);

/** Searches with an imagined answer, too: it is worded as the documents are, where the question may not be. */
export const hyde = docsBot.variant('hyde', (edit) => edit.swap('enhance', hydeQuery, { model: COMMAND }));

/** Ranks by a language model that is shown the list. */
export const listwise = docsBot.variant('listwise', (edit) => edit.configure('ranked', { model: 'openai/gpt-5-mini' }));

/** Fewer, closer passages for the draft. */
export const narrow = docsBot.variant('narrow', (edit) => edit.configure('ranked', { topN: 4 }));

/** Lets the reranker choose among more. */
export const deep = docsBot.variant('deep', (edit) =>
  edit.configure('vector', { topK: 100 }).configure('keyword', { topK: 100 }).configure('fused', { limit: 100 }),
);

/** What each search finds by itself. */
export const vectorOnly = docsBot.variant('vector-only', (edit) =>
  edit.rewire('fused', ({ enhance, vector }) => ({
    lists: [vector.passages],
    searched: [vector.searched],
    wanted: enhance.answerable,
  })),
);
export const keywordOnly = docsBot.variant('keyword-only', (edit) =>
  edit.rewire('fused', ({ enhance, keyword }) => ({
    lists: [keyword.passages],
    searched: [keyword.searched],
    wanted: enhance.answerable,
  })),
);
