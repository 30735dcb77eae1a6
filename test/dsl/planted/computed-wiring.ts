/**
 * A pipeline that compiles and lowers, and does not mean what it says: every line with a mark computes with a ref in a
 * way that neither types nor refs can see. The lint must find each of them, and nothing else.
 */
import { definePipeline, defineScorer, type Value } from '../../../src/index.ts';
import { judge, keepOrder, keywordSearch, Passages, Question, rerank, understand } from '../example.ts';

const LIMIT = 3;

export const computed = definePipeline('computed', Question)
  .step('first', understand, ({ input }) => ({ question: input.question }))
  .step('chosen', keywordSearch, ({ first }) => ({
    query: first.answerable ? first.standalone : '', // refused: ConditionalExpression
  }))
  .step('either', keywordSearch, ({ first, input }) => ({
    query: first.standalone || input.question, // refused: LogicalExpression
  }))
  .step('fallback', keywordSearch, ({ first, input }) => ({
    query: first.standalone ?? input.question, // refused: LogicalExpression
  }))
  .step('truth', keywordSearch, ({ first }) => {
    // refused: BlockStatement
    if (first.answerable) return { query: first.standalone };
    return { query: 'none' };
  })
  .step('compared', keywordSearch, ({ first, input }) => ({
    query: [first.standalone === input.question][0] ? '' : 'x', // refused: ConditionalExpression
  }))
  .step('called', keywordSearch, ({ first }) => Object.assign({ query: first.standalone })) // refused: CallExpression
  .step('spread', keepOrder, ({ chosen }) => ({ ...chosen })) // refused: SpreadElement
  .step('defaulted', keywordSearch, ({ first: { standalone = 'x' } }) => ({ query: standalone })) // refused: AssignmentPattern
  .step('negated', keywordSearch, ({ first }) => ({ query: String(!first.answerable) })) // refused: CallExpression
  .step('chained', keywordSearch, ({ first }) => ({ query: first?.standalone })) // refused: ChainExpression
  .step('asserted', keywordSearch, ({ first }) => ({ query: first.queries as never })) // refused: TSAsExpression
  .step('keyed', keywordSearch, ({ first }) => ({ query: first[LIMIT > 2 ? 'standalone' : 'standalone'] })) // refused: MemberExpression
  .step('elsewhere', keywordSearch, anywhere) // refused: Identifier
  .step(
    'fine',
    rerank,
    ({ chosen: { passages }, first }) => ({ query: first.standalone, passages }),
    { topN: LIMIT },
    { when: ({ first }) => (first ? first.answerable : first), orElse: { passages: [] } }, // refused: ConditionalExpression
  )
  .output(Passages, ({ fine }) => ({ passages: fine.passages }));

export const scored = defineScorer(
  'scored',
  { pipeline: computed },
  judge,
  ({ output, fine, run }) => ({
    answer: run.failed ? 'none' : 'some', // refused: ConditionalExpression
    passages: output.passages ?? fine.passages, // refused: LogicalExpression
  }),
  { judge: true, scores: { score: { worst: 0, best: [1, 2].length } } },
);

function anywhere({ first }: { readonly first: { readonly standalone: Value<string> } }) {
  return { query: first.standalone };
}
