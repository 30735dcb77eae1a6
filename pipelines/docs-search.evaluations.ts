/** What retrieval is judged by: how many of the right pages are among the first ten, and how high the first of them is. */
import { defineEvaluation, defineScorer, metric } from '../src/index.ts';
import { scoreRanking } from '../src/steps/index.ts';
import { docsSearch, hybrid } from './docs-search.ts';
import { aiDocs } from './questions.ts';

const found = defineScorer(
  'found',
  { pipeline: docsSearch, dataset: aiDocs },
  scoreRanking,
  ({ ranked, relevant }) => ({ passages: ranked.passages, relevant }),
  { config: { k: 10 } },
);

/** Does meaning help where words are searched? */
export const retrieval = defineEvaluation('retrieval', {
  pipeline: docsSearch,
  dataset: aiDocs,
  variants: [hybrid],
  scorers: [found],
  metrics: ({ score }) => ({
    primary: [
      metric.mean('recall-10', score(found).recall).increase({ minimumEffect: 0.03 }),
      metric.mean('mrr-10', score(found).mrr).increase({ minimumEffect: 0.03 }),
    ],
  }),
});
