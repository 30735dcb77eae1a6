/** Makes a question searchable, by rules. */
import { enhanceQuery } from '../pipelines/steps.ts';
import { implement } from './boundary/implement.ts';
import { enhanceByRules } from './local/enhance-by-rules.ts';

export const enhanceQueryLocal = implement(enhanceQuery, ({ question, history }) => {
  const { standalone, language, keywords, queries } = enhanceByRules(question, history);
  return { standalone, language, keywords: [...keywords], queries: [...queries] };
});
