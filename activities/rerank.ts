/** Looks at candidates more closely, by their words. */
import { rerank } from '../pipelines/steps.ts';
import { implement } from './boundary/implement.ts';
import { rerankByWords } from './local/rerank-by-words.ts';

export const rerankLocal = implement(rerank, ({ query, passages }, { config }) => ({
  passages: rerankByWords(query, passages, config.topN),
}));
