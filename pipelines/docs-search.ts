/**
 * Search alone, without an answer: where retrieval is tuned, since nothing has to be written to see what was found. As it
 * is, it searches by words; the variant `hybrid` adds meaning.
 */
import { definePipeline } from '../src/index.ts';
import { fuse, keepOrder, keywordSearch, LIST_LENGTH, Passages, Question, vectorSearch } from '../src/steps/index.ts';

/** As long as lists may be: several passages are from one page, and pages are what is looked for. */
const POOL = LIST_LENGTH;

export const docsSearch = definePipeline('docs-search', Question)
  // With whichever model the index has.
  .step('vector', vectorSearch, ({ input }) => ({ queries: [input.question] }), { index: 'ai-docs', topK: POOL })
  .step('keyword', keywordSearch, ({ input }) => ({ query: input.question }), { index: 'ai-docs', topK: POOL })
  .step('fused', fuse, ({ keyword }) => ({ lists: [keyword.passages], searched: [keyword.searched] }), { limit: POOL })
  .step('ranked', keepOrder, ({ fused }) => ({ passages: fused.passages }), { topN: POOL })
  .output(Passages, ({ ranked }) => ({ passages: ranked.passages }));

/** By meaning and by words, each adding what it is sure of. */
export const hybrid = docsSearch.variant('hybrid', (edit) =>
  edit
    .rewire('fused', ({ vector, keyword }) => ({
      lists: [vector.passages, keyword.passages],
      searched: [vector.searched, keyword.searched],
    }))
    .configure('fused', { by: 'score', weights: [0.3, 0.7] }),
);
