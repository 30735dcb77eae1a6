/**
 * What the mistakes are made with: a chain that has named one node, and a variant of another pipeline.
 */
import { definePipeline } from '../../src/index.ts';
import { Feedback, judge, keywordSearch, Passages, Question, rerank, understand } from '../dsl/example.ts';

export const base = definePipeline('p', Question).step('understood', understand, ({ input }) => ({
  question: input.question,
}));

export const searched = base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }));

export const otherVariant = definePipeline('other-bot', Question)
  .step('ranked', rerank, ({ input }) => ({ query: input.question, passages: [] }))
  .output(Passages, ({ ranked }) => ranked)
  .variant('other', (edit) => edit.configure('ranked', { topN: 1 }));

/** Its nodes are others than those of the support assistant. */
export const otherPipeline = definePipeline('other-pipeline', Question)
  .step('found', judge, ({ input }) => ({ answer: input.question, passages: [] }))
  .output(Feedback, ({ found }) => ({ feedback: found.feedback }));
