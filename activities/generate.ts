/** Answers, by quoting. */
import { generate } from '../pipelines/steps.ts';
import { implement } from './boundary/implement.ts';
import { answerByExcerpts } from './local/answer-by-excerpts.ts';

export const generateExtractive = implement(generate, ({ question, passages, feedback }, { config }) =>
  answerByExcerpts(question, passages, feedback, config),
);
