/**
 * A support assistant that uses every construct of the language once: step, use, map, branch, repeat, every node option,
 * every kind of edit. Tests share it; what it answers does not matter.
 */
import { z } from 'zod';
import { definePipeline, defineStep } from '../../src/index.ts';

// ---------------------------------------------------------------- schemas

export const Passage = z.object({ id: z.string(), text: z.string(), score: z.number() });
export const Passages = z.object({ passages: z.array(Passage) });
export const Turn = z.object({ role: z.enum(['user', 'assistant']), text: z.string() });
export const Question = z.object({ question: z.string(), userId: z.string(), history: z.array(Turn).optional() });
export const Feedback = z.object({ feedback: z.string() });
export const Answer = z.object({ text: z.string(), citations: z.array(z.string()), passed: z.boolean() });

const Asked = z.object({ question: z.string(), history: z.array(Turn).optional() });
const Understood = z.object({ standalone: z.string(), queries: z.array(z.string()), answerable: z.boolean() });
const Query = z.object({ query: z.string() });

// ---------------------------------------------------------------- steps

const model = { attempts: 3, timeout: '30 seconds' } as const;
const search = { attempts: 4, timeout: '2 seconds' } as const;
const pure = { attempts: 1, timeout: '1 second' } as const;

export const understand = defineStep('understand', {
  version: 1,
  input: Asked,
  output: Understood,
  config: z.object({ model: z.string().default('local/extractive') }),
  effect: 'read',
  policy: model,
});
/** A stand-in for `understand` that gives more. */
export const imagine = defineStep('imagine', {
  version: 1,
  input: Asked,
  output: Understood.extend({ imagined: z.string() }),
  config: z.object({ model: z.string().default('local/extractive'), words: z.int().default(80) }),
  effect: 'read',
  policy: { ...model, timeout: '1 minute' },
});
export const vectorSearch = defineStep('vectorSearch', {
  version: 1,
  input: Query,
  output: Passages,
  config: z.object({ topK: z.int().default(10) }),
  effect: 'read',
  policy: search,
});
export const keywordSearch = defineStep('keywordSearch', {
  version: 3,
  input: Query,
  output: Passages,
  config: z.object({ topK: z.int().default(10), fields: z.array(z.string()).default(['text']) }),
  effect: 'read',
  policy: search,
});
export const fuse = defineStep('fuse', {
  version: 1,
  input: z.object({ lists: z.array(z.array(z.array(Passage))) }),
  output: Passages,
  config: z.object({ k: z.number().default(60) }),
  effect: 'none',
  policy: pure,
});
export const rerank = defineStep('rerank', {
  version: 2,
  input: z.object({ query: z.string(), passages: z.array(Passage) }),
  output: Passages,
  config: z.object({ topN: z.int().default(5), model: z.string().default('local/lexical') }),
  effect: 'read',
  policy: model,
});
export const keepOrder = defineStep('keepOrder', {
  version: 1,
  input: z.object({ passages: z.array(Passage) }),
  output: Passages,
  config: z.object({ topN: z.int().default(5) }),
  effect: 'none',
  policy: pure,
});
export const draftAnswer = defineStep('draftAnswer', {
  version: 1,
  input: z.object({ question: z.string(), passages: z.array(Passage), feedback: z.string() }),
  output: z.object({ text: z.string(), citations: z.array(z.string()) }),
  config: z.object({ model: z.string().default('local/extractive') }),
  effect: 'read',
  policy: model,
});
export const judge = defineStep('judge', {
  version: 1,
  input: z.object({ answer: z.string(), passages: z.array(Passage) }),
  output: z.object({ passed: z.boolean(), feedback: z.string(), score: z.number() }),
  config: z.object({ threshold: z.number().default(0.7) }),
  effect: 'read',
  policy: model,
});
export const decline = defineStep('decline', {
  version: 1,
  input: z.object({ question: z.string(), related: z.array(Passage) }),
  output: z.object({ text: z.string() }),
  effect: 'none',
  policy: pure,
});
/** Searches like `keywordSearch`, but counts only: it fits the same wiring and gives another output. */
export const countHits = defineStep('countHits', {
  version: 1,
  input: Query,
  output: z.object({ passages: z.number() }),
  effect: 'read',
  policy: search,
});

// ---------------------------------------------------------------- pipelines

export const relatedPages = definePipeline('related-pages', z.object({ about: z.string() }))
  .step('hits', keywordSearch, ({ input }) => ({ query: input.about }), { topK: 5 })
  .step('picked', rerank, ({ input, hits }) => ({ query: input.about, passages: hits.passages }), { topN: 3 })
  .output(Passages, ({ picked }) => ({ passages: picked.passages }));

export const supportBot = definePipeline('support-bot', Question)
  .step('understood', understand, ({ input }) => ({ question: input.question, history: input.history }))
  .map(
    'vector',
    z.array(Passage),
    ({ understood }) => understood.queries,
    { max: 8, concurrency: 4, whenOver: 'truncate' },
    (each) =>
      each
        .step('lookup', vectorSearch, ({ item }) => ({ query: item }), { topK: 20 }, { orElse: { passages: [] } })
        .yield(({ lookup }) => lookup.passages),
  )
  .step(
    'keyword',
    keywordSearch,
    ({ understood }) => ({ query: understood.standalone }),
    { topK: 20 },
    { when: ({ understood }) => understood.answerable, orElse: { passages: [] }, attempts: 2, timeout: '3 seconds' },
  )
  .step('fused', fuse, ({ vector, keyword }) => ({ lists: [vector, [keyword.passages]] }), {}, { lane: 'local' })
  .step(
    'ranked',
    rerank,
    ({ understood, fused }) => ({ query: understood.standalone, passages: fused.passages }),
    { topN: 8 },
    { fallback: keepOrder.with({ topN: 8 }), heartbeat: '4 seconds', beats: 'progress', taskQueue: 'rerankers' },
  )
  .branch(
    'reply',
    Answer,
    ({ understood }) => understood.answerable,
    (arm) =>
      arm
        .repeat('answer', { max: 3, carry: Feedback, start: { feedback: '' }, whenExhausted: 'keep-last' }, (round) =>
          round
            .step(
              'draft',
              draftAnswer,
              ({ understood, ranked, carry }) => ({
                question: understood.standalone,
                passages: ranked.passages,
                feedback: carry.feedback,
              }),
              {},
              { backoff: { first: '1 second', factor: 2, max: '20 seconds' } },
            )
            .step('check', judge, ({ draft, ranked }) => ({ answer: draft.text, passages: ranked.passages }))
            .until(
              ({ check }) => check.passed,
              ({ check }) => ({ feedback: check.feedback }),
            ),
        )
        .yield(({ answer }) => ({
          text: answer.draft.text,
          citations: answer.draft.citations,
          passed: answer.check.passed,
        })),
    (arm) =>
      arm
        .use('related', relatedPages, ({ understood }) => ({ about: understood.standalone }))
        .step('refusal', decline, ({ input, related }) => ({ question: input.question, related: related.passages }))
        .yield(({ refusal }) => ({ text: refusal.text, citations: [], passed: true })),
  )
  .output(Answer, ({ reply }) => ({ text: reply.text, citations: reply.citations, passed: reply.passed }));

// ---------------------------------------------------------------- variants: every kind of edit

export const imagined = supportBot.variant('imagined', (edit) => edit.swap('understood', imagine, { words: 60 }));
export const wide = supportBot.variant('wide', (edit) =>
  edit.configure('ranked', { topN: 12 }).options('answer', { max: 2 }),
);
export const imaginedAndWide = supportBot.variant('imagined-and-wide', (edit) =>
  edit.include(imagined).include(wide).configure('related/picked', { topN: 2 }),
);
export const rawQuestion = supportBot.variant('raw-question', (edit) =>
  edit
    .rewire('ranked', ({ input, fused }) => ({ query: input.question, passages: fused.passages }))
    .replace('lookup', keywordSearch, ({ item }) => ({ query: item }), { topK: 40 }),
);
